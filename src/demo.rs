//! The demo: a broker, a simulated fleet that publishes to it, and a pipeline over what it publishes, in one process.
//!
//! ```text
//!  fleet.pipe: generate ──► mqtt ──► embedded broker ──► mqtt ──► quickstart.pipe ──► ./weir-demo/*.jsonl, console
//!                                                             └──► ./weir-demo/readings/*.parquet
//! ```

mod broker;

use crate::commands::say;
use crate::environment::ProcessEnvironment;
use crate::registry::Registry;
use crate::run::{self, Finished, View, Watch};
use broker::Broker;
use dsl::plan::Plan;
use dsl::span::SourceFile;
use engine::error::{Error, Result};
use engine::runtime::{self, Settings, World};
use std::collections::BTreeMap;
use std::time::Duration;

/// Where the demo writes.
pub const FOLDER: &str = "weir-demo";

/// What can be asked of the readings that it writes, which are in Parquet files.
pub const QUESTION: &str = "select device_id, count(*) as readings, max(temperature) as hottest \
     from 'weir-demo/readings/' group by device_id order by hottest desc limit 5";

/// The sink that writes them.
pub const READINGS: &str = "lake";

/// What the fleet publishes.
const FLEET: &str = include_str!("../pipelines/fleet.pipe");

/// What is done with it.
const QUICKSTART: &str = include_str!("../pipelines/quickstart.pipe");

/// What the user chose.
#[derive(Clone, Copy, Debug)]
pub struct Choices {
    /// How many devices the fleet has.
    pub devices: u32,
    /// How many messages they send a second.
    pub rate: u32,
    /// How many threads work on rows.
    pub threads: usize,
}

/// Runs the demo to its end.
pub fn run(choices: &Choices, view: View) -> Result<Finished> {
    std::fs::create_dir_all(FOLDER).map_err(|error| {
        Error::user(format!("cannot make the folder `{FOLDER}` here; go to one you may write to"))
            .because(error)
    })?;
    let io = run::io()?;
    let broker = io.block_on(Broker::start()).map_err(Error::unavailable)?;
    say(&format!("weir: an MQTT 5 broker listens at {}", broker.url()));
    let world = run::world(&io);
    let finished = around(choices, view, &world, broker.url());
    io.block_on(broker.stop());
    io.shutdown_timeout(Duration::from_secs(1));
    finished
}

/// The fleet and, within its time, the pipeline.
fn around(choices: &Choices, view: View, world: &World, url: &str) -> Result<Finished> {
    let broker = ("broker".to_owned(), url.to_owned());
    let quickstart = plan("quickstart", QUICKSTART, &BTreeMap::from([broker.clone()]))?;
    let fleet = plan(
        "fleet",
        FLEET,
        &BTreeMap::from([
            broker,
            ("devices".to_owned(), choices.devices.to_string()),
            ("rate".to_owned(), choices.rate.to_string()),
        ]),
    )?;
    let settings = Settings::new("quickstart", choices.threads);
    let publish = |world: &World| -> Result<runtime::Running> {
        runtime::prepare(&fleet, &Settings::new("fleet", 1), world, None)?.start()
    };
    // The pipeline subscribes first, so that it sees the fleet's first message.
    let watch = Watch::begin(world);
    let pipeline = runtime::prepare(&quickstart, &settings, world, None);
    let begun = pipeline.and_then(|pipeline| Ok((pipeline, publish(world)?)));
    let (pipeline, devices) = match begun {
        Ok(begun) => begun,
        Err(error) => return watch.not_begun(&quickstart, error),
    };
    let finished = watch.run(&settings.pipeline, pipeline, view);
    devices.stopper().stop();
    if let runtime::Ended::Failed(error) = devices.wait().ended {
        return Err(error);
    }
    finished
}

/// One of the pipelines that come with the binary, with its params.
fn plan(name: &str, text: &str, set: &BTreeMap<String, String>) -> Result<Plan> {
    let file = SourceFile::new(format!("{name}.pipe"), text);
    let (plan, found) = dsl::compile(&file, &Registry);
    let plan = plan.ok_or_else(|| {
        let found = dsl::diagnostic::render::text(&found, &file, false);
        Error::bug(format!(
            "the pipeline `{name}` that comes with the binary has mistakes:\n{found}"
        ))
    })?;
    dsl::constant::close(&plan, set, &ProcessEnvironment).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Error::bug(format!("`{name}` cannot be started: {}", errors.join("; ")))
    })
}
