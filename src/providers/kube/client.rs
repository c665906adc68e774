//! A client of one cluster: what is between a question and the connection. Retries are off: the watches and the engine ask again by
//! themselves, and a change is never sent twice.

use kube::Client;
use kube::Config;
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::fault::fault;
use crate::model::Fault;

/// A client for a context of a kubeconfig.
pub(super) async fn of_context(files: Kubeconfig, context: &str) -> Result<Client, Fault> {
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(files, &options)
        .await
        .map_err(|error| fault(context, &kube::Error::InferKubeconfig(error)))?;
    config.default_retry = false;
    Ok(ClientBuilder::try_from(config).map_err(|error| fault(context, &error))?.build())
}
