//! What the applications of the estate write on an ordinary day, each in its own format. It must not know stories:
//! `trouble` has their words.

use jiff::Timestamp;

use super::{Voice, hostile, instant};
use crate::demo::world::dice::{Dice, mix2};

/// The format and the subject of a group's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo::world) enum Tone {
    /// A Python web backend, plain text.
    Lecture,
    /// A web server's access log.
    Access,
    /// A service that logs JSON.
    Json,
    /// A consumer of a queue, JSON.
    Worker,
    /// The application on `EC2`, plain with levels in brackets.
    Backend,
    Postgres,
    /// A Kubernetes control plane.
    Kube,
    /// The cluster autoscaler.
    Autoscaler,
    /// Terraform Enterprise.
    Tfe,
    /// A function, with its START, END and REPORT lines.
    Lambda,
    /// A collector of telemetry beside an application.
    Collector,
    /// Short lines by the thousand.
    Firehose,
}

/// What a group says at an instant.
pub(super) fn say(voice: &Voice, seed: u64, stream: &str, timestamp: i64) -> String {
    let at = instant(timestamp);
    let mut dice = Dice::new(seed);
    if let Some(trouble) = voice.trouble(seed, stream, timestamp) {
        return trouble.say(at, &mut dice);
    }
    if voice.hostile && mix2(seed, 9).is_multiple_of(140) {
        return hostile::say(at, &mut dice);
    }
    match voice.tone {
        Tone::Lecture => lecture(at, &mut dice),
        Tone::Access => access(at, &mut dice),
        Tone::Json => json(at, &mut dice),
        Tone::Worker => worker(at, &mut dice),
        Tone::Backend => backend(at, &mut dice),
        Tone::Postgres => postgres(at, &mut dice),
        Tone::Kube => kube(at, &mut dice),
        Tone::Autoscaler => autoscaler(at, &mut dice),
        Tone::Tfe => tfe(at, &mut dice),
        Tone::Lambda => lambda(&mut dice),
        Tone::Collector => collector(at, &mut dice),
        Tone::Firehose => format!("{at:.3} INFO  ingest shard={:02} seq={seed:016x} bytes={}", seed % 64, seed % 4_096),
    }
}

/// What a stream says as it starts: milliseconds after its start, and the line.
pub(super) fn opening(tone: Tone, failing: bool, begin: i64) -> Vec<(i64, String)> {
    if failing {
        return failing_start(tone, begin);
    }
    let at = |offset: i64| instant(begin + offset);
    match tone {
        Tone::Lecture => vec![
            (900, format!("{} INFO [gunicorn.error] Starting gunicorn 21.2.0", comma(at(900)))),
            (1_400, format!("{} INFO [lecture.db] connected to lecture (aurora-postgresql 15.4)", comma(at(1_400)))),
            (2_100, format!("{} INFO [gunicorn.error] Listening at: http://0.0.0.0:8000 (1)", comma(at(2_100)))),
        ],
        Tone::Json | Tone::Worker => vec![
            (700, format!("{{\"ts\":\"{:.3}\",\"level\":\"info\",\"msg\":\"starting\",\"pid\":1}}", at(700))),
            (3_200, format!("{{\"ts\":\"{:.3}\",\"level\":\"info\",\"msg\":\"ready\",\"took_ms\":2503}}", at(3_200))),
        ],
        _ => Vec::new(),
    }
}

fn failing_start(tone: Tone, begin: i64) -> Vec<(i64, String)> {
    let at = |offset: i64| instant(begin + offset);
    if tone != Tone::Lecture {
        return vec![
            (900, format!("{:.3} INFO  [reporting] starting 5.2.0", at(900))),
            (
                2_400,
                format!(
                    "{:.3} ERROR [reporting] cannot bind renderer: /opt/fonts/fontconfig.xml: no such file",
                    at(2_400)
                ),
            ),
            (9_000, format!("{:.3} WARN  [health] GET /health 502 upstream=127.0.0.1:9000", at(9_000))),
            (24_000, format!("{:.3} WARN  [health] GET /health 502 upstream=127.0.0.1:9000", at(24_000))),
        ];
    }
    let trace = "Traceback (most recent call last):\n  File \"/app/lecture/wsgi.py\", line 12, in <module>\n    \
                 application = create_app()\n  File \"/app/lecture/app.py\", line 88, in create_app\n    \
                 db.verify_connection()\n  File \"/app/lecture/db.py\", line 41, in verify_connection\n    \
                 raise StartupError(\"database login refused\") from error\n\
                 lecture.errors.StartupError: database login refused";
    let line = |offset: i64, text: &str| (offset, format!("{} {text}", comma(at(offset))));
    vec![
        line(800, "INFO [gunicorn.error] Starting gunicorn 22.0.0"),
        line(
            1_300,
            "WARNING [lecture.settings] environment variable LECTURE_DB_PASSWORD is not set, using the default of settings.toml",
        ),
        line(
            1_900,
            "INFO [lecture.db] connecting to lecture-dhbw-cluster.cluster-c5fzq0r7kx2m.eu-central-1.rds.amazonaws.com:5432/lecture as lecture_app",
        ),
        line(
            4_200,
            "ERROR [lecture.db] connection failed (1/3): FATAL:  password authentication failed for user \"lecture_app\"",
        ),
        line(
            9_300,
            "ERROR [lecture.db] connection failed (2/3): FATAL:  password authentication failed for user \"lecture_app\"",
        ),
        line(
            14_400,
            "ERROR [lecture.db] connection failed (3/3): FATAL:  password authentication failed for user \"lecture_app\"",
        ),
        line(14_500, &format!("CRITICAL [lecture.wsgi] cannot start\n{trace}")),
        line(14_900, "ERROR [gunicorn.error] Worker (pid:9) exited with code 3"),
        line(15_100, "ERROR [gunicorn.error] Shutting down: Master; Reason: Worker failed to boot. Exit code 1"),
    ]
}

/// An instant as Python's logging writes it.
fn comma(at: Timestamp) -> String {
    format!("{},{:03}", at.strftime("%Y-%m-%d %H:%M:%S"), at.subsec_millisecond())
}

fn lecture(at: Timestamp, dice: &mut Dice) -> String {
    let clock = comma(at);
    let course = dice.between(100, 999);
    match dice.between(0, 19) {
        0 => format!("{clock} WARNING [lecture.cache] miss ratio {}% over the last minute", dice.between(31, 58)),
        1 => format!(
            "{clock} DEBUG [lecture.tasks] transcript chunk {}/48 queued for course {course}",
            dice.between(1, 48)
        ),
        2 => format!("{clock} INFO [lecture.auth] user {} signed in through saml", dice.hex(8)),
        3 if dice.between(0, 9) == 0 => format!(
            "{clock} ERROR [lecture.storage] upload of s3://content-prod/course-{course}/slides.pdf failed: SlowDown, retrying"
        ),
        4 => format!(
            "{clock} INFO [lecture.api] POST /api/courses/{course}/questions -> 201 in {}ms",
            dice.between(40, 180)
        ),
        _ => {
            format!("{clock} INFO [lecture.api] GET /api/courses/{course}/slides -> 200 in {}ms", dice.between(9, 140))
        }
    }
}

fn access(at: Timestamp, dice: &mut Dice) -> String {
    let paths =
        ["/", "/index.html", "/assets/app.4f2c1d.js", "/assets/app.9be7.css", "/api/session", "/favicon.ico", "/login"];
    let path = *dice.pick(&paths);
    let status = match dice.between(0, 99) {
        0 => 404,
        1 => 499,
        2..=6 => 304,
        _ => 200,
    };
    format!(
        "198.51.100.{} - - [{}] \"GET {path} HTTP/1.1\" {status} {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64) Firefox/134.0\" rt=0.{:03}",
        dice.between(1, 254),
        at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        dice.between(180, 48_000),
        dice.between(1, 90)
    )
}

fn json(at: Timestamp, dice: &mut Dice) -> String {
    let request = dice.hex(12);
    let paths = ["/api/v1/accounts", "/api/v1/orders", "/api/v1/invoices", "/api/v1/search", "/health"];
    let path = *dice.pick(&paths);
    match dice.between(0, 29) {
        0 => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"warn\",\"logger\":\"http\",\"msg\":\"deprecated client version\",\"client\":\"ios/4.{}\",\"request_id\":\"{request}\"}}",
            dice.between(1, 9)
        ),
        1 => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"debug\",\"logger\":\"cache\",\"msg\":\"evicted\",\"keys\":{},\"request_id\":\"{request}\"}}",
            dice.between(1, 400)
        ),
        2 if dice.between(0, 5) == 0 => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"error\",\"logger\":\"mail\",\"msg\":\"delivery deferred\",\"error\":\"421 4.7.0 try again later\",\"request_id\":\"{request}\"}}"
        ),
        _ => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"info\",\"logger\":\"http\",\"msg\":\"request\",\"method\":\"GET\",\"path\":\"{path}\",\"status\":200,\"duration_ms\":{},\"request_id\":\"{request}\"}}",
            dice.between(2, 160)
        ),
    }
}

fn worker(at: Timestamp, dice: &mut Dice) -> String {
    let job = dice.hex(8);
    match dice.between(0, 11) {
        0 => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"warn\",\"msg\":\"job retried\",\"job\":\"{job}\",\"attempt\":{},\"reason\":\"timeout\"}}",
            dice.between(2, 4)
        ),
        1 => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"debug\",\"msg\":\"poll\",\"queue\":\"jobs\",\"visible\":{}}}",
            dice.between(0, 40)
        ),
        _ => format!(
            "{{\"ts\":\"{at:.3}\",\"level\":\"info\",\"msg\":\"job done\",\"job\":\"{job}\",\"took_ms\":{}}}",
            dice.between(30, 9_000)
        ),
    }
}

fn backend(at: Timestamp, dice: &mut Dice) -> String {
    let route = *dice.pick(&["GET /api/tasks", "GET /api/users/me", "POST /api/tasks", "GET /health"]);
    match dice.between(0, 14) {
        0 => format!("{at:.3} [WARN] redis: pool reconnect after {}ms", dice.between(3, 80)),
        1 => format!("{at:.3} [DEBUG] cache: hit key=tasks:{} duration=0ms", dice.hex(6)),
        2 if dice.between(0, 3) == 0 => {
            format!("{at:.3} [ERROR] http: {route} -> 500 duration={}ms err=\"duplicate key\"", dice.between(20, 90))
        }
        _ => format!("{at:.3} [INFO] http: {route} -> 200 duration={}ms", dice.between(2, 340)),
    }
}

fn postgres(at: Timestamp, dice: &mut Dice) -> String {
    let clock = at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let pid = dice.between(400, 30_000);
    match dice.between(0, 5) {
        0 => format!("{clock}::@:[{pid}]:LOG:  checkpoint starting: time"),
        1 => format!(
            "{clock}::@:[{pid}]:LOG:  checkpoint complete: wrote {} buffers (0.2%); write={}.1 s",
            dice.between(40, 900),
            dice.between(4, 90)
        ),
        2 => format!(
            "{clock}:10.20.18.{}(51544):app@app:[{pid}]:LOG:  duration: {}.418 ms  statement: SELECT id, total FROM orders WHERE state = 'open'",
            dice.between(4, 250),
            dice.between(1_000, 4_000)
        ),
        3 => format!(
            "{clock}:10.20.18.{}(40022):app@app:[{pid}]:ERROR:  canceling statement due to statement timeout",
            dice.between(4, 250)
        ),
        _ => format!("{clock}::@:[{pid}]:LOG:  automatic vacuum of table \"app.public.sessions\": index scans: 1"),
    }
}

fn kube(at: Timestamp, dice: &mut Dice) -> String {
    let clock = at.strftime("%m%d %H:%M:%S%.6f");
    match dice.between(0, 4) {
        0 => format!(
            "W{clock}      10 dispatcher.go:225] Failed calling webhook, failing open vpa.k8s.io: context deadline exceeded"
        ),
        1 => format!(
            "I{clock}      10 controller.go:624] quota admission added evaluator for: leases.coordination.k8s.io"
        ),
        _ => format!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"stage\":\"ResponseComplete\",\"requestURI\":\"/api/v1/namespaces/default/pods?limit=500\",\"verb\":\"list\",\"auditID\":\"{}\",\"requestReceivedTimestamp\":\"{at:.6}\",\"responseStatus\":{{\"code\":200}}}}",
            dice.uuid()
        ),
    }
}

fn autoscaler(at: Timestamp, dice: &mut Dice) -> String {
    let clock = at.strftime("%m%d %H:%M:%S%.6f");
    match dice.between(0, 2) {
        0 => format!("I{clock}       1 static_autoscaler.go:274] Starting main loop"),
        1 => format!(
            "I{clock}       1 eligibility.go:154] Node ip-10-60-{}-{}.us-west-2.compute.internal is not suitable for removal - cpu utilization too big",
            dice.between(16, 47),
            dice.between(4, 250)
        ),
        _ => format!(
            "I{clock}       1 static_autoscaler.go:617] Scale down status: lastScaleUpTime=2m ago, scaleDownInCooldown=false"
        ),
    }
}

fn tfe(at: Timestamp, dice: &mut Dice) -> String {
    let run = dice.hex(16);
    match dice.between(0, 7) {
        0 => {
            format!("{at:.3} [WARN] sidekiq: job latency above target queue=run_events seconds={}", dice.between(6, 30))
        }
        1 => format!(
            "{at:.3} [INFO] archivist: stored object key=terraform/runs/run-{run}/plan.json bytes={}",
            dice.between(9_000, 900_000)
        ),
        2 => format!("{at:.3} [DEBUG] nomad: allocation healthy agent=tfe-agent-{}", dice.between(1, 6)),
        3 if dice.between(0, 4) == 0 => {
            format!("{at:.3} [ERROR] vcs: webhook delivery rejected status=401 connection=oc-{}", dice.hex(8))
        }
        _ => format!(
            "{at:.3} [INFO] atlas: run status changed run=run-{run} from=planning to=planned workspace=network-{}",
            dice.between(1, 40)
        ),
    }
}

fn lambda(dice: &mut Dice) -> String {
    let request = dice.uuid();
    match dice.between(0, 2) {
        0 => format!("START RequestId: {request} Version: $LATEST"),
        1 => format!("END RequestId: {request}"),
        _ => format!(
            "REPORT RequestId: {request}\tDuration: {}.41 ms\tBilled Duration: {} ms\tMemory Size: 512 MB\tMax Memory Used: {} MB",
            dice.between(8, 900),
            dice.between(901, 950),
            dice.between(90, 210)
        ),
    }
}

fn collector(at: Timestamp, dice: &mut Dice) -> String {
    match dice.between(0, 5) {
        0 => format!(
            "{at:.3}\twarn\tbatchprocessor/batch.go:218\tqueue is filling\t{{\"size\": {}}}",
            dice.between(400, 900)
        ),
        _ => format!(
            "{at:.3}\tinfo\tinternal/retry_sender.go:126\tExporting finished.\t{{\"items\": {}}}",
            dice.between(12, 512)
        ),
    }
}
