//! `xiaoxun-wasm bindgen …` and `xiaoxun-wasm split …`: the two steps of a build
//! between the compiler and `wasm-opt`.
use std::path::Path;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str =
    "xiaoxun-wasm bindgen worker|app IN.wasm OUT_DIR NAME\nxiaoxun-wasm split IN.wasm OUT_DIR NAME";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["bindgen", kind @ ("worker" | "app"), input, folder, name] => {
            bindgen(*kind == "worker", Path::new(input), Path::new(folder), name)
        }
        ["split", input, folder, name] => split(Path::new(input), Path::new(folder), name),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// JavaScript for what the Rust code imports and exports.
fn bindgen(worker: bool, input: &Path, folder: &Path, name: &str) -> Result<(), String> {
    let run = || {
        let mut bindgen = Bindgen::new();
        if worker {
            // As worker-build does: the shim begins anew after a panic.
            bindgen.module(true)?.reset_state_function(true).force_enable_abort_handler(true);
        } else {
            // The parts of the app find the first one by what the linker exported.
            bindgen.web(true)?.keep_lld_exports(true);
        }
        bindgen.input_path(input).typescript(false).out_name(name).generate(folder)
    };
    run().map_err(|why| format!("{}: {why:?}", input.display()))
}

/// Cuts a wasm file where its code says `#[lazy]`.
fn split(input: &Path, folder: &Path, name: &str) -> Result<(), String> {
    let wasm = std::fs::read(input).map_err(|why| format!("{}: {why}", input.display()))?;
    let first = folder.join(format!("{name}.wasm"));
    let module = format!("./{name}.js");
    let mut options = wasm_split_cli_support::Options::new(&wasm);
    options.output_dir = folder;
    options.main_out_path = &first;
    options.main_module = &module;
    options.target.web();
    wasm_split_cli_support::transform(options)
        .map(drop)
        .map_err(|why| format!("{}: {why:?}", input.display()))
}
