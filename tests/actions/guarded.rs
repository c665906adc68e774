//! What the guard wants before anything is sent: the right words, an environment that may be changed, a policy that lets it.

use serde_json::json;

use super::console::{CLUSTER, Console, Deck, SPLIT, Test};

pub const ALL: &[Test] = &[
    ("nothing is sent but with the right words", the_words_must_be_right),
    ("an action is for one environment", one_environment),
    ("read-only can't be talked round", read_only),
    ("a policy denies, and a reason breaks it open where it may", a_policy_denies),
    ("a policy wants more, and counts", a_policy_wants_more),
    ("what is not prod is one less", a_stage_lowers),
];

const SCALE: &str = "ecs-scale";

fn fields<'a>(service: &'a str, desired: &'a str) -> [&'a str; 6] {
    ["--cluster", CLUSTER, "--service", service, "--desired", desired]
}

fn the_words_must_be_right(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("worded", 2));
    let said = |fields: &[&str], more: &[&str]| {
        let said = console.act(SCALE, SPLIT, fields, more);
        said.changes_nothing();
        said
    };
    // High: the environment's name.
    for wrong in ["yes", "acts-pro", "Acts-Prod", "acts-prod/worded", ""] {
        said(&fields(&service, "1"), &["--apply", "--confirm", wrong]).ends_with(64);
    }
    said(&fields(&service, "1"), &["--apply"]).ends_with(64);
    // Critical: the resource's, and a reason.
    said(&fields(&service, "0"), &["--apply", "--confirm", SPLIT]).ends_with(64);
    let resource = format!("{SPLIT}/{service}");
    said(&fields(&service, "0"), &["--apply", "--confirm", &resource]).ends_with(64).says("a reason is wanted");
    said(&fields(&service, "0"), &["--apply", "--confirm", &resource, "--reason", "  "]).ends_with(64);
    said(&fields(&service, "3"), &["--confirm", "yes"]).ends_with(64);
    said(&fields(&service, "many"), &[]).ends_with(64);
    said(&fields(&service, "3")[..4], &[]).ends_with(64);
    said(&fields(&service, "3"), &["-o", "csv"]).ends_with(64);
    assert_eq!(deck.desired(&service), 2);
    assert_eq!(console.journal(), [json!(null); 0]);
    let plan = console.plan(SCALE, SPLIT, &fields(&service, "0"));
    console.apply(&plan, &fields(&service, "0"), &["--no-follow"]).ends_with(0).changes_what(&plan);
    assert_eq!(console.last_run(), ["intent", "sent", "outcome succeeded"]);
    let intent = &console.journal()[0];
    assert_eq!((&intent["reason"], &intent["risk"]), (&json!("a test"), &json!("critical")));
}

fn one_environment(deck: &Deck) {
    let (console, service) = (Console::new(deck), deck.service("single", 1));
    for environments in [&["-e", "*-prod"][..], &[][..], &["-e", "nowhere"][..]] {
        let words = [&["act", SCALE], environments, &fields(&service, "2")[..]].concat();
        console.run(&words).ends_with(64).changes_nothing();
    }
    console.run(&["act", "ecs-scales", "-e", SPLIT]).ends_with(64).changes_nothing();
}

fn read_only(deck: &Deck) {
    let service = deck.service("watched", 1);
    let flag = Console::new(deck);
    let configured = Console::configured(deck, "[console]\nread_only = true\n");
    for (console, flags) in [(&flag, &["--read-only"][..]), (&configured, &[][..])] {
        let plan = console.act(SCALE, SPLIT, &fields(&service, "2"), &[flags, &["-o", "json"]].concat());
        assert_eq!(plan.ends_with(3).json()["denied"], "the console is read-only");
        for more in [
            &["--apply", "--confirm", "yes"][..],
            &["--apply", "--confirm", "yes", "--break-glass", "--reason", "now"][..],
        ] {
            console.act(SCALE, SPLIT, &fields(&service, "2"), &[flags, more].concat()).ends_with(3).changes_nothing();
        }
    }
    assert_eq!(deck.desired(&service), 1);
}

fn a_policy_denies(deck: &Deck) {
    let service = deck.service("frozen", 1);
    let rule = "[[policy]]\nname = \"freeze\"\nenvironment = \"acts-*\"\naction = \"ecs-*\"\ndeny = true\n";
    let console = Console::configured(deck, rule);
    let plan = console.act(SCALE, SPLIT, &fields(&service, "2"), &["-o", "json"]);
    assert!(plan.ends_with(3).json()["denied"].as_str().unwrap().contains("freeze"));
    let apply = ["--apply", "--confirm", "yes"];
    let broken = ["--apply", "--confirm", "yes", "--break-glass", "--reason", "customers can't log in"];
    for more in [&apply[..], &broken[..]] {
        console.act(SCALE, SPLIT, &fields(&service, "2"), more).ends_with(3).says("freeze").changes_nothing();
    }
    // What the rule is not about goes on.
    deck.instance("not-frozen");
    console.carry_out("rds-snapshot-create", SPLIT, &["--instance", "not-frozen"], &[]);
    let console = Console::configured(deck, &format!("{rule}break_glass = true\n"));
    console.act(SCALE, SPLIT, &fields(&service, "2"), &apply).ends_with(3).changes_nothing();
    let said = console.act(SCALE, SPLIT, &fields(&service, "2"), &broken);
    said.ends_with(0);
    assert_eq!(said.changes().len(), 1);
    assert_eq!(deck.desired(&service), 2);
    let intent = &console.journal()[0];
    assert_eq!((&intent["broke_glass"], &intent["reason"]), (&json!(true), &json!("customers can't log in")));
    assert_eq!(intent["policy"], json!(["freeze"]));
    console.run(&["journal", "verify"]).ends_with(0);
}

fn a_policy_wants_more(deck: &Deck) {
    let service = deck.service("counted", 1);
    let console = Console::configured(
        deck,
        "[[policy]]\nname = \"change control\"\nstage = \"prod\"\nconfirm = \"high\"\nticket = \"OPS-[0-9]+\"\n\
         [[policy]]\nname = \"no more than three\"\nresource = \"counted\"\nmax = 3\n",
    );
    let plan = console.act(SCALE, SPLIT, &fields(&service, "3"), &["-o", "json"]).ends_with(0).json();
    assert_eq!(
        (&plan["risk"], &plan["confirm"], &plan["ticket"]),
        (&json!("high"), &json!(SPLIT), &json!("OPS-[0-9]+"))
    );
    assert!(plan["because"][0].as_str().unwrap().starts_with("change control"), "{plan:#}");
    let over = console.act(SCALE, SPLIT, &fields(&service, "4"), &["-o", "json"]).ends_with(3).json();
    assert!(over["denied"].as_str().unwrap().contains("no more than three"), "{over:#}");
    let confirmed = ["--apply", "--confirm", SPLIT];
    console
        .act(SCALE, SPLIT, &fields(&service, "3"), &confirmed)
        .ends_with(64)
        .says("a ticket is wanted")
        .changes_nothing();
    let wrong = [&confirmed[..], &["--ticket", "DEV-1"]].concat();
    console.act(SCALE, SPLIT, &fields(&service, "3"), &wrong).ends_with(64).changes_nothing();
    let right = [&confirmed[..], &["--ticket", "OPS-1234"]].concat();
    console.act(SCALE, SPLIT, &fields(&service, "3"), &right).ends_with(0).changes_what(&plan);
    let intent = &console.journal()[0];
    assert_eq!((&intent["ticket"], &intent["policy"]), (&json!("OPS-1234"), &json!(["change control"])));
}

fn a_stage_lowers(deck: &Deck) {
    let service = deck.service("lowered", 2);
    let config = format!("[[environment]]\nname = \"acts-dev\"\nstage = \"dev\"\naws_profile = \"{SPLIT}\"\n");
    let console = Console::configured(deck, &config);
    for (desired, risk, confirm) in [("3", "low", "apply"), ("1", "medium", "yes"), ("0", "high", "acts-dev")] {
        let plan = console.act(SCALE, "acts-dev", &fields(&service, desired), &["-o", "json"]).ends_with(0).json();
        assert_eq!((&plan["risk"], &plan["confirm"]), (&json!(risk), &json!(confirm)));
    }
    let (plan, _) = console.carry_out(SCALE, "acts-dev", &fields(&service, "3"), &[]);
    assert_eq!(plan["target"]["environment"], "acts-dev");
}
