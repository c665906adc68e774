//! Which elements hold numbers and flags. The text alone does not tell: an account id is no number, and neither is a version that
//! looks like one. So the elements are known by name: those that the services' own models call a number or a flag wherever they
//! stand in what the kinds read (RDS, `ElastiCache`, Elastic Load Balancing, Auto Scaling). What is not named here stays the text
//! that was sent.

use serde_json::{Number, Value};

/// Numbers. `PercentProgress` is none: snapshots count it, databases write it as text.
const NUMBERS: [&str; 51] = [
    "AllocatedStorage",
    "BacktrackConsumedChangeRecords",
    "BacktrackWindow",
    "BackupRetentionPeriod",
    "Capacity",
    "DbInstancePort",
    "DefaultCooldown",
    "DefaultInstanceWarmup",
    "DesiredCapacity",
    "FullSnapshotSizeInBytes",
    "HealthCheckGracePeriod",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "IOPS",
    "Iops",
    "Max",
    "MaxAllocatedStorage",
    "MaxCapacity",
    "MaxGroupPreparedCapacity",
    "MaxHealthyPercentage",
    "MaxInstanceLifetime",
    "MaxSize",
    "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice",
    "Min",
    "MinCapacity",
    "MinHealthyPercentage",
    "MinRequiredACU",
    "MinSize",
    "MonitoringInterval",
    "NumCacheNodes",
    "OnDemandBaseCapacity",
    "OnDemandMaxPricePercentageOverLowestPrice",
    "OnDemandPercentageAboveBaseCapacity",
    "PerformanceInsightsRetentionPeriod",
    "Port",
    "PredictedCapacity",
    "ProgressPercentage",
    "PromotionTier",
    "ScaleIntervalMinutes",
    "ScalePercentage",
    "SecondsBeforeTimeout",
    "SecondsUntilAutoPause",
    "SnapshotRetentionLimit",
    "SpotInstancePools",
    "SpotMaxPricePercentageOverLowestPrice",
    "StorageOperationPercentProgress",
    "StorageThroughput",
    "TargetControlPort",
    "UnhealthyThresholdCount",
    "WarmPoolSize",
];

/// Flags. Where another service has words under one of these names (`MultiAZ` of a cache: `enabled`), they are no `true` or `false`.
const FLAGS: [&str; 35] = [
    "ActivityStreamEngineNativeAuditFieldsIncluded",
    "AtRestEncryptionEnabled",
    "AuthTokenEnabled",
    "AutoMinorVersionUpgrade",
    "AutoPause",
    "CapacityRebalance",
    "ClusterEnabled",
    "CopyTagsToSnapshot",
    "CrossAccountClone",
    "CustomerOwnedIpEnabled",
    "DedicatedLogVolume",
    "DeletionProtection",
    "Encrypted",
    "GlobalWriteForwardingRequested",
    "HealthCheckEnabled",
    "HttpEndpointEnabled",
    "IAMDatabaseAuthenticationEnabled",
    "InternetAccessGatewayEnabled",
    "IsClusterWriter",
    "IsStorageConfigUpgradeAvailable",
    "MultiAZ",
    "MultiTenant",
    "NewInstancesProtectedFromScaleIn",
    "Normal",
    "PerformanceInsightsEnabled",
    "PropagateAtLaunch",
    "ProtectedFromScaleIn",
    "PubliclyAccessible",
    "ReplicationGroupLogDeliveryEnabled",
    "RequireHibernateSupport",
    "ReuseOnScaleIn",
    "StorageEncrypted",
    "TransitEncryptionEnabled",
    "VPCNetworkingEnabled",
    "ZonalShiftEnabled",
];

/// The text of an element as what it is.
pub(super) fn value(name: &str, text: String) -> Value {
    let known = match text.as_str() {
        "true" | "false" if FLAGS.contains(&name) => Some(Value::Bool(text == "true")),
        number if NUMBERS.contains(&name) => read(number),
        _ => None,
    };
    known.unwrap_or(Value::String(text))
}

fn read(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| Number::from_f64(text.parse().ok()?)).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("Port", "5432", json!(5432))]
    #[case("MinCapacity", "0.5", json!(0.5))]
    #[case("Iops", "-1", json!(-1))]
    #[case("Port", "traffic-port", json!("traffic-port"))]
    #[case("Port", "NaN", json!("NaN"))]
    #[case("MultiAZ", "true", json!(true))]
    #[case("MultiAZ", "enabled", json!("enabled"))]
    #[case("EngineVersion", "16", json!("16"))]
    #[case("OwnerId", "111122223333", json!("111122223333"))]
    #[case("HealthCheckPort", "80", json!("80"))]
    #[case("Value", "true", json!("true"))]
    fn by_name(#[case] name: &str, #[case] text: &str, #[case] expected: Value) {
        assert_eq!(value(name, text.to_owned()), expected);
    }
}
