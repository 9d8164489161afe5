//! Compiles the cache format's definition; no compiler outside of Cargo is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let definition = protox::compile(["proto/mirrorlist_cache.proto"], ["proto"])?;
    prost_build::Config::new().compile_fds(definition)?;
    Ok(())
}
