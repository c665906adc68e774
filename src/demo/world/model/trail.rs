//! CloudTrail management events.

use jiff::Timestamp;

use super::Word;

/// A management event.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailEvent {
    pub id: String,
    pub at: Timestamp,
    pub name: String,
    /// `ecs.amazonaws.com`, …
    pub source: Word,
    pub read_only: bool,
    /// `Username`: the user's name, the role session's name, or the service.
    pub username: String,
    pub access_key_id: Option<String>,
    /// Type (`AWS::ECS::Service`) and name.
    pub resources: Vec<(Word, String)>,
    pub source_ip: String,
    pub user_agent: String,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    /// The whole record as JSON (`CloudTrailEvent`).
    pub record: String,
}
