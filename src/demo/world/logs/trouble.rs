//! What logs say when a story is under way: for how long, how often, and in which words.

use jiff::Timestamp;

use crate::demo::world::dice::Dice;

/// A time in which a part of a group's lines tells of trouble.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::demo::world) struct Spell {
    pub(in crate::demo::world) from: Timestamp,
    pub(in crate::demo::world) until: Option<Timestamp>,
    /// The part of the lines, `0.0..=1.0`.
    pub(in crate::demo::world) share: f64,
    pub(in crate::demo::world) trouble: Trouble,
    /// A stream that has no part in it.
    pub(in crate::demo::world) spared: Option<String>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo::world) enum Trouble {
    /// The database gives no more connections; from the application's side and from its own.
    NoSlots,
    NoSlotsServer,
    /// Too few servers are left for the load.
    Overload,
    /// The login of the new revision is refused, as the database sees it.
    BadLogin,
    /// `MongoDB` can't be reached.
    NoMongo,
    /// Nodes can't be launched.
    NoNodes,
}

impl Spell {
    pub(super) fn covers(&self, timestamp: i64) -> bool {
        self.from.as_millisecond() <= timestamp && self.until.is_none_or(|until| timestamp < until.as_millisecond())
    }
}

impl Trouble {
    /// A line of it.
    pub(super) fn say(self, at: Timestamp, dice: &mut Dice) -> String {
        match self {
            Self::NoSlots => no_slots(at, dice),
            Self::NoSlotsServer => server_line(at, dice, "app", "enterprise", NO_SLOTS),
            Self::BadLogin => {
                let text = "FATAL:  password authentication failed for user \"lecture_app\"";
                server_line(at, dice, "lecture_app", "lecture", text)
            }
            Self::Overload => overload(at, dice),
            Self::NoMongo => no_mongo(at, dice),
            Self::NoNodes => no_nodes(at, dice),
        }
    }
}

const NO_SLOTS: &str = "FATAL:  remaining connection slots are reserved for non-replication superuser connections";

fn no_slots(at: Timestamp, dice: &mut Dice) -> String {
    let request = dice.hex(12);
    match dice.between(0, 4) {
        0 => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"error\",\"logger\":\"db.pool\",\"msg\":\"could not acquire connection\",\"error\":\"{NO_SLOTS}\",\"waited_ms\":{},\"request_id\":\"{request}\"}}",
            dice.between(4_000, 30_000)
        ),
        1 => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"warn\",\"logger\":\"db.pool\",\"msg\":\"pool exhausted\",\"size\":20,\"idle\":0,\"waiting\":{},\"request_id\":\"{request}\"}}",
            dice.between(8, 64)
        ),
        2 => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"error\",\"logger\":\"http\",\"msg\":\"request failed\",\"method\":\"POST\",\"path\":\"/api/v1/orders\",\"status\":503,\"duration_ms\":{},\"request_id\":\"{request}\"}}",
            dice.between(10_000, 30_000)
        ),
        3 => trace(at, dice),
        _ => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"warn\",\"logger\":\"http\",\"msg\":\"slow request\",\"method\":\"GET\",\"path\":\"/api/v1/accounts/{}\",\"status\":200,\"duration_ms\":{},\"request_id\":\"{request}\"}}",
            dice.between(1_000, 9_999),
            dice.between(1_500, 8_000)
        ),
    }
}

/// A stack trace: one event with several lines.
fn trace(at: Timestamp, dice: &mut Dice) -> String {
    let line = dice.between(110, 190);
    format!(
        "{at:.3} ERROR [http-nio-8080-exec-{}] c.e.app.OrderController - Unhandled exception\n\
         org.postgresql.util.PSQLException: {NO_SLOTS}\n\
         \tat org.postgresql.core.v3.ConnectionFactoryImpl.doAuthentication(ConnectionFactoryImpl.java:659)\n\
         \tat com.zaxxer.hikari.pool.PoolBase.newConnection(PoolBase.java:359)\n\
         \tat com.enterprise.app.orders.OrderRepository.findOpen(OrderRepository.java:{line})\n\
         \tat com.enterprise.app.orders.OrderController.list(OrderController.java:58)\n\
         \t... 42 more",
        dice.between(1, 40)
    )
}

/// A line of a `PostgreSQL` server's own log.
fn server_line(at: Timestamp, dice: &mut Dice, user: &str, database: &str, text: &str) -> String {
    let (third, fourth, pid) = (dice.between(16, 47), dice.between(4, 250), dice.between(900, 31_000));
    let clock = at.strftime("%Y-%m-%d %H:%M:%S UTC");
    format!("{clock}:10.20.{third}.{fourth}({}):{user}@{database}:[{pid}]:{text}", dice.between(32_768, 60_999))
}

fn overload(at: Timestamp, dice: &mut Dice) -> String {
    let clock = at.strftime("%Y-%m-%d %H:%M:%S");
    let millis = at.subsec_millisecond();
    match dice.between(0, 2) {
        0 => format!(
            "{clock},{millis:03} WARNING [gunicorn.error] worker queue depth {} exceeds 64, shedding load",
            dice.between(65, 240)
        ),
        1 => format!(
            "{clock},{millis:03} ERROR [lecture.api] GET /api/courses/{}/slides -> 503 in {}ms",
            dice.between(100, 999),
            dice.between(5_000, 30_000)
        ),
        _ => format!("{clock},{millis:03} CRITICAL [gunicorn.error] WORKER TIMEOUT (pid:{})", dice.between(20, 90)),
    }
}

fn no_mongo(at: Timestamp, dice: &mut Dice) -> String {
    let shard = dice.between(0, 2);
    match dice.between(0, 3) {
        0 => format!(
            "{at:.3} [ERROR] mongo: server selection error: server selection timeout, current topology: {{ Type: ReplicaSetNoPrimary, Servers: [{{ Addr: starttech-shard-00-0{shard}.k3x9d.mongodb.net:27017, Type: Unknown, Last error: dial tcp: i/o timeout }}] }}"
        ),
        1 => format!(
            "{at:.3} [ERROR] health: dependency mongodb failed: context deadline exceeded duration={}ms",
            dice.between(5_000, 5_030)
        ),
        2 => format!("{at:.3} [WARN] http: GET /health -> 503 duration={}ms", dice.between(5_001, 5_040)),
        _ => format!(
            "{at:.3} [ERROR] http: POST /api/tasks -> 500 duration={}ms err=\"no reachable servers\"",
            dice.between(900, 5_000)
        ),
    }
}

fn no_nodes(at: Timestamp, dice: &mut Dice) -> String {
    let pod = dice.hex(5);
    let clock = at.strftime("%m%d %H:%M:%S%.6f");
    match dice.between(0, 2) {
        0 => format!("W{clock}       1 scale_up.go:612] Node group eks-gpu-workers is not ready for scaleup - backoff"),
        1 => format!("I{clock}       1 klogx.go:87] Pod beta9-runner/sandbox-gpu-{pod} is unschedulable"),
        _ => format!(
            "E{clock}       1 clusterstate.go:205] Failed to scale up node group eks-gpu-workers: InsufficientInstanceCapacity in us-west-2b, us-west-2c"
        ),
    }
}
