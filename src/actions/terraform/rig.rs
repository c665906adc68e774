//! Buckets and tables of the built-in estate as others than the console see and change them.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::demo::Estate;

/// Clients of somebody else.
pub(crate) struct Others {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) s3: aws_sdk_s3::Client,
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

impl Others {
    pub(crate) fn new(estate: &Estate, environment: &str, region: &str) -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(estate.credentials())
            .http_client(estate.http_client(environment).unwrap())
            .build();
        Self { dynamodb: aws_sdk_dynamodb::Client::new(&config), s3: aws_sdk_s3::Client::new(&config) }
    }

    /// An attribute of an item of a lock table.
    pub(crate) async fn item(&self, table: &str, lock_id: &str, attribute: &str) -> Option<String> {
        let asked = self.dynamodb.get_item().table_name(table).key("LockID", text(lock_id)).send().await.unwrap();
        Some(asked.item?.get(attribute)?.as_s().unwrap().clone())
    }

    pub(crate) async fn put_item(&self, table: &str, lock_id: &str, attribute: &str, value: &str) {
        let call =
            self.dynamodb.put_item().table_name(table).item("LockID", text(lock_id)).item(attribute, text(value));
        call.send().await.unwrap();
    }

    pub(crate) async fn delete_item(&self, table: &str, lock_id: &str) {
        self.dynamodb.delete_item().table_name(table).key("LockID", text(lock_id)).send().await.unwrap();
    }

    /// The content of an object; `None`: there is none.
    pub(crate) async fn object(&self, bucket: &str, key: &str) -> Option<String> {
        let got = self.s3.get_object().bucket(bucket).key(key).send().await.ok()?;
        Some(String::from_utf8(got.body.collect().await.unwrap().into_bytes().to_vec()).unwrap())
    }

    pub(crate) async fn put_object(&self, bucket: &str, key: &str, body: &str) {
        let body = ByteStream::from(body.as_bytes().to_vec());
        self.s3.put_object().bucket(bucket).key(key).body(body).send().await.unwrap();
    }

    /// The versions of an object, newest first.
    pub(crate) async fn versions(&self, bucket: &str, key: &str) -> Vec<String> {
        let listed = self.s3.list_object_versions().bucket(bucket).prefix(key).send().await.unwrap();
        let own = listed.versions().iter().filter(|version| version.key() == Some(key));
        own.map(|version| version.version_id().unwrap().to_owned()).collect()
    }
}
