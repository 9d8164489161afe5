//! `serve`

use std::path::PathBuf;

use clap::Args;

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to answer on [default: setting serve.listen]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<std::net::SocketAddr>,
    /// Address and port for health and metrics [default: setting serve.control]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub control: Option<std::net::SocketAddr>,
    /// The cache file [default: setting serve.cache]
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
}
