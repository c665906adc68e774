use super::super::k8s::rig::Stand;
use super::super::rig::{Rig, changes, precondition, undo, with_cell};
use super::*;
use crate::model::Verdict;

const NODE: &str = "/api/v1/nodes/n1";

#[tokio::test]
async fn a_node_is_cordoned_and_uncordoned() {
    let node = json!({
        "metadata": { "name": "n1", "uid": "u-1" },
        "spec": {},
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
    });
    let stand = Stand::new(&[(NODE, node)]).await;
    let plan = stand.plan(&CORDON, &[("name", "n1")]).await.unwrap();
    assert_eq!((changes(&plan), plan.risk), (vec![["unschedulable", "no", "yes"].map(str::to_owned)], Risk::Medium));
    assert_eq!(&*plan.command, "kubectl --context beta9 cordon n1");
    assert_eq!(stand.carry_out(&CORDON, &plan).await, ["it is cordoned"]);
    let again = stand.plan(&CORDON, &[("name", "n1")]).await.unwrap();
    assert_eq!(precondition(&again, "something changes").0, Verdict::Fail);
    let back = stand.ordered(&UNCORDON, undo(&plan)).await.unwrap();
    assert_eq!(back.risk, Risk::Low);
    stand.server().done.clear();
    assert_eq!(stand.carry_out(&UNCORDON, &back).await, ["new pods may be put on it"]);
}

#[tokio::test]
async fn a_row_is_offered_the_one_of_the_two_that_changes_it() {
    let row = Rig::new().rows("beta9-prod", "k8s-node").await.swap_remove(0);
    let says = |row| ((CORDON.applies)(&row), (UNCORDON.applies)(&row));
    let status = |status| with_cell(&row, "status", status);
    assert_eq!(says(status("NotReady")), (Ok(()), Err("it is not cordoned".to_owned())));
    assert_eq!(says(status("Ready,SchedulingDisabled")), (Err("it is cordoned already".to_owned()), Ok(())));
}
