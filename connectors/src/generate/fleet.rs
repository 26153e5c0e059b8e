//! The devices and what they measure.
//!
//! ```text
//!  temperature   its own mean + daily cycle + noise       spikes on top
//!  humidity      falls when it gets warmer
//!  pressure      twice a day up and down
//!  vibration     more by day, when machines run
//! ```

use super::chance::{Chance, Draw, Event};
use super::settings::Settings;
use dsl::calendar::DAY;
use engine::time::{Micros, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::f64::consts::TAU;
use std::ops::Range;

const MINUTE: Micros = 60 * 1_000_000;

/// The steps of a cycle that are worked out once.
const CYCLE_STEPS: usize = 1_024;

/// How many values a reading has.
pub(super) const VALUES: usize = 4;

/// A reading: values in hundredths, as a sensor of that resolution sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) device: usize,
    pub(super) time: Timestamp,
    /// Temperature, humidity, pressure, vibration; none where the sensor dropped out.
    pub(super) values: [Option<i64>; VALUES],
    /// Whether its payload is broken, and a number that says how.
    pub(super) bad: Option<u32>,
}

/// The fleet.
pub(super) struct Fleet {
    devices: Vec<Device>,
    cycle: Vec<f64>,
    chance: Chance,
    settings: Settings,
}

struct Device {
    name: String,
    /// Where in the day its cycle begins.
    phase: f64,
    means: [f64; VALUES],
    /// How far temperature goes up and down in a day.
    swing: f64,
    /// How far its clock is ahead.
    ahead: Micros,
}

impl Fleet {
    pub(super) fn new(settings: &Settings) -> Fleet {
        let digits = settings.devices.to_string().len().max(4);
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        // Rows take the streams from 0 on.
        random.set_stream(u64::MAX);
        let devices = (1..=settings.devices).map(|number| {
            let mut uniform = || f64::from(random.next_u32()) / f64::from(u32::MAX);
            Device {
                name: format!("device-{number:0digits$}"),
                phase: uniform() * 0.25,
                means: [
                    16.0 + 18.0 * uniform(),
                    40.0 + 25.0 * uniform(),
                    1_000.0 + 25.0 * uniform(),
                    0.5 + 1.5 * uniform(),
                ],
                swing: 3.0 + 5.0 * uniform(),
                ahead: {
                    let by = 2 * MINUTE + (8.0 * MINUTE as f64 * uniform()) as Micros;
                    if uniform() < settings.skew { by } else { 0 }
                },
            }
        });
        let angle = |step: usize| TAU * step as f64 / CYCLE_STEPS as f64;
        Fleet {
            devices: devices.collect(),
            cycle: (0..=CYCLE_STEPS).map(|step| angle(step).sin()).collect(),
            chance: Chance::new(settings.seed, settings.has_events()),
            settings: settings.clone(),
        }
    }

    /// The name of a device.
    pub(super) fn name(&self, device: usize) -> &str {
        &self.devices[device].name
    }

    /// Calls `each` with every reading of these rows; `start` is the time of row 0.
    pub(super) fn each(
        &mut self,
        rows: Range<u64>,
        start: Timestamp,
        mut each: impl FnMut(&Reading),
    ) {
        let (devices, cycle, settings) = (&self.devices, &self.cycle, &self.settings);
        let count = devices.len() as u64;
        let mut number = (rows.start % count) as usize;
        self.chance.each(rows, |row, draw| {
            let device = &devices[number];
            let time = start + settings.pace.offset(row);
            each(&Reading {
                device: number,
                time: told(device, settings, time, draw),
                values: measured(device, cycle, settings, time, draw),
                bad: draw
                    .happens(Event::Bad, 0, settings.bad)
                    .then(|| (draw.uniform(Event::SpikeHeight, 0) * 3.0) as u32),
            });
            number = if number + 1 == devices.len() { 0 } else { number + 1 };
        });
    }
}

/// The time that the device says it is.
fn told(device: &Device, settings: &Settings, time: Timestamp, draw: Draw<'_>) -> Timestamp {
    let mut told = time + device.ahead;
    if draw.happens(Event::Late, 0, settings.late) {
        let share = draw.uniform(Event::Late, 0) / settings.late;
        told -= 5_000_000 + (share * 55_000_000.0) as Micros;
    }
    told
}

fn measured(
    device: &Device,
    cycle: &[f64],
    settings: &Settings,
    time: Timestamp,
    draw: Draw<'_>,
) -> [Option<i64>; VALUES] {
    let day = time.rem_euclid(DAY) as f64 / DAY as f64;
    let daily = at(cycle, day + device.phase);
    let [temperature, humidity, pressure, vibration] = device.means;
    let mut values = [
        temperature + device.swing * daily + 0.4 * draw.noise(0),
        humidity - 2.0 * device.swing * daily + 1.5 * draw.noise(1),
        pressure + 1.5 * at(cycle, 2.0 * day) + 0.3 * draw.noise(2),
        vibration * (1.0 + 0.2 * daily) + 0.05 * draw.noise(3),
    ];
    if draw.happens(Event::Spike, 0, settings.spike) {
        values[0] += 40.0 + 40.0 * draw.uniform(Event::SpikeHeight, 0);
    }
    let mut number = 0;
    values.map(|value| {
        let dropped = draw.happens(Event::DropOut, number, settings.drop_out);
        number += 1;
        (!dropped).then_some((value * 100.0 + 0.5) as i64)
    })
}

/// The sine of so many turns.
fn at(cycle: &[f64], turns: f64) -> f64 {
    let place = (turns - turns.floor()) * CYCLE_STEPS as f64;
    let step = (place as usize).min(CYCLE_STEPS - 1);
    let within = place - step as f64;
    cycle[step] + (cycle[step + 1] - cycle[step]) * within
}
