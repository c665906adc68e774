//! The program as a script runs it, with a recorder before each server and a home of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::recorder::{Boto, Recorder};
use super::servers::{ACCOUNT, REGION, Servers};

/// A test, and its name.
pub type Test = (&'static str, fn(&Deck));

/// The environment whose services are each where they are served well: moto, but for ECS and CloudWatch.
pub const SPLIT: &str = "acts-prod";
/// The environment that is ministack alone.
pub const MINI: &str = "mini-prod";
/// The cluster of the seed.
pub const CLUSTER: &str = "lecture-test-cluster";

/// The servers, a recorder before each, and boto3 past them.
pub struct Deck {
    servers: Servers,
    pub moto: Recorder,
    pub ministack: Recorder,
    boto: Boto,
    troubled: Mutex<Vec<String>>,
}

impl Deck {
    pub fn start() -> Option<Self> {
        let servers = Servers::start()?;
        let (python, folder) = (&servers.python, servers.home.path());
        let moto = Recorder::start(python, &servers.moto, folder.join("moto.jsonl"));
        let ministack = Recorder::start(python, &servers.ministack, folder.join("ministack.jsonl"));
        let boto = Boto::start(python);
        Some(Self { moto, ministack, boto, servers, troubled: Mutex::default() })
    }

    /// What moto says to boto3.
    pub fn moto(&self, service: &str, operation: &str, parameters: Value) -> Value {
        sound(self.boto.ask(&self.servers.moto, service, operation, parameters))
    }

    /// What ministack says to boto3.
    pub fn ministack(&self, service: &str, operation: &str, parameters: Value) -> Value {
        sound(self.boto.ask(&self.servers.ministack, service, operation, parameters))
    }

    /// Makes trouble with an operation, at both servers, until the end of the test.
    pub fn trouble(&self, operation: &str, kind: &str) {
        self.moto.trouble(operation, kind);
        self.ministack.trouble(operation, kind);
        self.troubled.lock().expect("whole").push(operation.to_owned());
    }

    pub fn end_trouble(&self) {
        for operation in self.troubled.lock().expect("whole").drain(..) {
            self.moto.trouble(&operation, "none");
            self.ministack.trouble(&operation, "none");
        }
    }

    fn requests(&self) -> [Vec<Value>; 2] {
        [&self.moto, &self.ministack].map(Recorder::requests)
    }

    /// A service of one task definition, with so many tasks; its name.
    pub fn service(&self, name: &str, desired: u32) -> String {
        let parameters = json!({
            "cluster": CLUSTER, "serviceName": name, "taskDefinition": "lecture-backend:1", "desiredCount": desired,
        });
        self.ministack("ecs", "create_service", parameters);
        name.to_owned()
    }

    /// How many tasks a service shall have, by boto3.
    pub fn desired(&self, service: &str) -> Value {
        let parameters = json!({ "cluster": CLUSTER, "services": [service] });
        self.ministack("ecs", "describe_services", parameters)["services"][0]["desiredCount"].clone()
    }

    /// A database instance at moto.
    pub fn instance(&self, name: &str) {
        let parameters = json!({
            "DBInstanceIdentifier": name, "DBInstanceClass": "db.t3.medium", "Engine": "postgres",
            "AllocatedStorage": 20, "MasterUsername": "operator", "MasterUserPassword": "not-a-secret",
        });
        self.moto("rds", "create_db_instance", parameters);
    }
}

fn sound(answer: Value) -> Value {
    assert_eq!(answer.get("error"), None);
    answer
}

/// One home: AWS files, configuration, state, journal.
pub struct Console<'a> {
    pub deck: &'a Deck,
    pub home: TempDir,
}

impl<'a> Console<'a> {
    pub fn new(deck: &'a Deck) -> Self {
        let home = tempfile::tempdir().expect("a home folder");
        let aws = home.path().join(".aws");
        fs::create_dir_all(&aws).expect("a folder for AWS files");
        let (moto, ministack) = (deck.moto.url(), deck.ministack.url());
        let at = |service: &str| format!("{service} =\n  endpoint_url = {ministack}\n");
        let services: String = ["ecs", "cloudwatch", "cloudwatch_logs", "cloudtrail"].map(at).concat();
        let config = format!(
            "[profile {SPLIT}]\nregion = {REGION}\nendpoint_url = {moto}\nservices = split\n\n[services split]\n{services}\n\
             [profile {MINI}]\nregion = {REGION}\nendpoint_url = {ministack}\n"
        );
        fs::write(aws.join("config"), config).expect("the AWS configuration");
        let keys = |name: &str| format!("[{name}]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = secret\n");
        fs::write(aws.join("credentials"), [SPLIT, MINI].map(keys).concat()).expect("the AWS credentials");
        Self { deck, home }
    }

    /// With a configuration file.
    pub fn configured(deck: &'a Deck, config: &str) -> Self {
        let console = Self::new(deck);
        fs::write(console.config(), config).expect("the configuration");
        console
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", self.home.path()).args(arguments).stdin(Stdio::null());
        if self.config().exists() {
            command.arg("--config").arg(self.config());
        }
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let before = self.deck.requests();
        let output = self.command(arguments).output().expect("it runs");
        Said::new(arguments, &output, &before, self.deck.requests())
    }

    /// Starts it.
    pub fn begin(&self, arguments: &[&str]) -> Running<'a> {
        let before = self.deck.requests();
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        Running { deck: self.deck, arguments: arguments.iter().map(|&word| word.to_owned()).collect(), child, before }
    }

    /// The plan of an action that could be applied.
    pub fn plan(&self, action: &str, environment: &str, fields: &[&str]) -> Value {
        let said = self.act(action, environment, fields, &["-o", "json"]);
        said.ends_with(0).changes_nothing();
        let plan = said.json();
        is_a_plan(&plan, action, environment);
        plan
    }

    pub fn act(&self, action: &str, environment: &str, fields: &[&str], more: &[&str]) -> Said {
        self.run(&[&["act", action, "-e", environment], fields, more].concat())
    }

    /// Applies what a plan says, as it wants to be confirmed.
    pub fn apply(&self, plan: &Value, fields: &[&str], more: &[&str]) -> Said {
        let [action, environment, confirm] = [&plan["action"], &plan["target"]["environment"], &plan["confirm"]]
            .map(|text| text.as_str().expect("text"));
        let mut all = vec!["--apply", "--confirm", confirm];
        if plan["reason_required"] == true && !fields.contains(&"--reason") {
            all.extend(["--reason", "a test"]);
        }
        all.extend(more);
        self.act(action, environment, fields, &all)
    }

    /// Plans, applies, and compares: the servers saw what the plan says, and the journal tells it all. Returns plan and what was said.
    pub fn carry_out(&self, action: &str, environment: &str, fields: &[&str], more: &[&str]) -> (Value, Said) {
        let plan = self.plan(action, environment, fields);
        let said = self.apply(&plan, fields, more);
        said.ends_with(0);
        said.changes_what(&plan);
        self.journal_tells(&plan, !more.contains(&"--no-follow"));
        (plan, said)
    }

    /// The journal's entries, the oldest first.
    pub fn journal(&self) -> Vec<Value> {
        let said = self.run(&["journal", "show", "-o", "json"]);
        let mut entries = said.ends_with(0).json().as_array().expect("entries").clone();
        entries.sort_by_key(|entry| entry["seq"].as_u64());
        entries
    }

    /// The entries of the last run that say these words, as `event` or `event outcome`.
    pub fn last_run(&self) -> Vec<String> {
        let entries = self.journal();
        let run = entries.last().expect("something was done")["run"].clone();
        let words = |entry: &Value| match entry["outcome"].as_str() {
            Some(outcome) => format!("{} {outcome}", entry["event"].as_str().expect("a word")),
            None => entry["event"].as_str().expect("a word").to_owned(),
        };
        entries.iter().filter(|entry| entry["run"] == run).map(words).collect()
    }

    fn journal_tells(&self, plan: &Value, followed: bool) {
        let steps = plan["steps"].as_array().expect("steps");
        let mut wanted = Vec::new();
        for number in 1..=steps.len() {
            wanted.extend(["intent", "sent", "outcome succeeded"]);
            // What a later step stands on is always followed.
            if followed || number < steps.len() {
                wanted.push("followed succeeded");
            }
        }
        assert_eq!(self.last_run(), wanted);
        let entries = self.journal();
        let intents: Vec<&Value> = entries.iter().rev().filter(|entry| entry["event"] == "intent").collect();
        for (step, intent) in steps.iter().rev().zip(intents) {
            assert_eq!((&intent["action"], &intent["operation"]), (&plan["action"], &step["operation"]));
            assert_eq!(flat(&intent["input"]), flat(&step["input"]));
            assert_eq!(intent["risk"], plan["risk"]);
        }
        let verified = self.run(&["journal", "verify"]);
        verified.ends_with(0);
    }
}

/// The program under way.
pub struct Running<'a> {
    deck: &'a Deck,
    arguments: Vec<String>,
    pub child: Child,
    before: [Vec<Value>; 2],
}

impl Running<'_> {
    /// Waits for its end.
    pub fn end(self) -> Said {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let output = self.child.wait_with_output().expect("it ends");
        Said::new(&arguments, &output, &self.before, self.deck.requests())
    }

    /// Ends it as nothing can prevent.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

/// What came of a command.
#[derive(Debug)]
pub struct Said {
    arguments: String,
    status: Option<i32>,
    pub out: String,
    pub errors: String,
    /// What both servers were asked meanwhile.
    pub requests: Vec<Value>,
}

impl Said {
    fn new(arguments: &[&str], output: &Output, before: &[Vec<Value>; 2], after: [Vec<Value>; 2]) -> Self {
        let news = before.iter().zip(after).flat_map(|(before, after)| after.into_iter().skip(before.len()));
        Self {
            arguments: arguments.join(" "),
            status: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            requests: news.collect(),
        }
    }

    #[track_caller]
    pub fn ends_with(&self, status: i32) -> &Self {
        assert_eq!(self.status, Some(status), "{}\n{}{}", self.arguments, self.out, self.errors);
        self
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.errors.contains(words), "{}: no `{words}` in\n{}", self.arguments, self.errors);
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{}: {error}:\n{}", self.arguments, self.out))
    }

    /// What was asked that is no read.
    pub fn changes(&self) -> Vec<&Value> {
        let reads = ["Describe", "List", "Get", "BatchGet", "Lookup", "Scan", "GET ", "HEAD "];
        let is_read = |request: &&Value| {
            let operation = request["operation"].as_str().expect("a name");
            reads.iter().any(|verb| operation.starts_with(verb))
        };
        self.requests.iter().filter(|request| !is_read(request)).collect()
    }

    #[track_caller]
    pub fn changes_nothing(&self) -> &Self {
        assert_eq!(self.changes(), [&Value::Null; 0], "{}", self.arguments);
        self
    }

    /// One change for each step, in order, with exactly its parameters.
    #[track_caller]
    pub fn changes_what(&self, plan: &Value) {
        let sent: Vec<_> =
            self.changes().into_iter().map(|request| (request["operation"].clone(), parameters(request))).collect();
        let step = |step: &Value| {
            let (_, operation) = step["operation"].as_str().expect("a name").split_once(':').expect("a service");
            (Value::from(operation), flat(&step["input"]))
        };
        let wanted: Vec<_> = plan["steps"].as_array().expect("steps").iter().map(step).collect();
        assert_eq!(sent, wanted, "{}", self.arguments);
    }
}

/// The fields that a plan has, and how they hang together.
#[track_caller]
fn is_a_plan(plan: &Value, action: &str, environment: &str) {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let target = &plan["target"];
    assert_eq!((&plan["action"], &target["environment"]), (&json!(action), &json!(environment)), "{plan:#}");
    assert_eq!((&target["account"], &target["region"]), (&json!(ACCOUNT), &json!(REGION)), "{plan:#}");
    assert!(["kind", "id", "name"].iter().all(|field| text(&target[field])), "{target:#}");
    for change in plan["changes"].as_array().expect("changes") {
        assert!(text(&change["field"]) && change.get("from").is_some() && change.get("to").is_some(), "{change}");
    }
    let verdicts = ["pass", "warn", "fail", "unknown"];
    for it in plan["preconditions"].as_array().expect("preconditions") {
        let verdict = it["verdict"].as_str().expect("a verdict");
        assert!(text(&it["name"]) && text(&it["evidence"]) && verdicts.contains(&verdict), "{it}");
    }
    let resource = format!("{environment}/{}", target["name"].as_str().expect("a name"));
    let confirm = match plan["risk"].as_str().expect("a risk") {
        "low" => "apply",
        "medium" => "yes",
        "high" => environment,
        "critical" => &resource,
        other => panic!("{other} is no risk"),
    };
    assert_eq!(plan["confirm"], confirm);
    assert_eq!(plan["reason_required"], plan["risk"] == "critical");
    assert!(text(&plan["undo"]["words"]), "{plan:#}");
    let command = plan["command"].as_str().expect("a command");
    assert!(command.starts_with("aws ") && command.contains(&format!(" --region {REGION}")), "{command}");
}

/// Parameters by their paths, such as `Tags.1.Key`: of a request in JSON, or of a form.
fn parameters(request: &Value) -> BTreeMap<String, String> {
    let body = request["body"].as_str().expect("a body");
    if !request["sort"].as_str().expect("a sort").starts_with("application/x-www-form-urlencoded") {
        return flat(&serde_json::from_str(body).expect("JSON"));
    }
    let pairs = body.split('&').map(|pair| pair.split_once('=').expect("a pair"));
    let pairs = pairs.filter(|(name, _)| !matches!(*name, "Action" | "Version"));
    pairs.map(|(name, value)| (without_element(name), of_its_time(&percent_decoded(value)))).collect()
}

/// `Groups.GroupId.1` is the first of `Groups`.
fn without_element(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    let counts = |at: usize| parts.get(at).is_some_and(|part: &&str| part.parse::<usize>().is_ok());
    let kept = (0..parts.len()).filter(|&at| at == 0 || !counts(at + 1));
    kept.map(|at| parts[at]).collect::<Vec<_>>().join(".")
}

fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                u8::from_str_radix(std::str::from_utf8(&digits).expect("digits"), 16).expect("a byte")
            }
            other => other,
        });
    }
    String::from_utf8(bytes).expect("text")
}

fn flat(value: &Value) -> BTreeMap<String, String> {
    fn walk(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
        let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value {
            Value::Object(map) => map.iter().for_each(|(name, value)| walk(&inner(name), value, found)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| walk(&inner(&(at + 1).to_string()), item, found));
            }
            Value::String(text) => drop(found.insert(path.to_owned(), of_its_time(text))),
            other => drop(found.insert(path.to_owned(), other.to_string())),
        }
    }
    let mut found = BTreeMap::new();
    walk("", value, &mut found);
    found
}

/// A plan made anew proposes another name for what is named after the time.
fn of_its_time(text: &str) -> String {
    let prefix = ["pre-modify-20", "manual-20"].into_iter().find(|prefix| text.starts_with(prefix));
    prefix.map_or_else(|| text.to_owned(), |prefix| format!("{prefix}…"))
}
