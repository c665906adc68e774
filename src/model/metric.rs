//! Metrics: what to ask for, and the points that came.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::ResourceId;

/// Unit of a metric, for axes and cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 0 to 100.
    Percent,
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds (shown as ms below one).
    Seconds,
}

/// How far back a series goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// One hour, by the minute.
    #[default]
    Hour,
    /// Three hours, by the minute.
    ThreeHours,
    /// Twelve hours, by five minutes.
    HalfDay,
    /// One day, by five minutes.
    Day,
}

impl Window {
    /// All of them, shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::ThreeHours, Self::HalfDay, Self::Day];

    /// Its length in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::ThreeHours => 10_800,
            Self::HalfDay => 43_200,
            Self::Day => 86_400,
        }
    }

    /// The period of its points in seconds.
    pub const fn period(self) -> i32 {
        match self {
            Self::Hour | Self::ThreeHours => 60,
            Self::HalfDay | Self::Day => 300,
        }
    }

    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hour => "1 h",
            Self::ThreeHours => "3 h",
            Self::HalfDay => "12 h",
            Self::Day => "1 d",
        }
    }
}

/// One metric of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetricSpec {
    /// The resource it belongs to.
    pub resource: Arc<ResourceId>,
    /// The label on the screen, such as `cpu`.
    pub label: &'static str,
    /// CloudWatch namespace, such as `AWS/ECS`. An alarm can watch any, so none of these are only what the kinds know.
    pub namespace: Cow<'static, str>,
    /// CloudWatch metric name.
    pub metric: Cow<'static, str>,
    /// Dimensions, in CloudWatch's names.
    pub dimensions: Vec<(Cow<'static, str>, Arc<str>)>,
    /// Statistic: `Average`, `Sum`, `Maximum`, `p95`…
    pub stat: Cow<'static, str>,
    /// Unit of the values.
    pub unit: Unit,
}

/// Points of a series, oldest first; a gap is simply a missing instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Instant and value.
    pub points: Vec<(Timestamp, f64)>,
}
