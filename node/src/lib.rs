pub mod demo;
pub mod resources;
pub mod supervise;
pub mod telemetry;
