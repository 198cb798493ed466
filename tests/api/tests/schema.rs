//! The guards of the database itself, tried on the migrations alone: what raw
//! SQL cannot do, each refusal seen to come from its trigger (without the
//! trigger the same statement goes through), and its tables of states compared
//! with the rules' own.

// Not in a folder of its own name with a main.rs: every file beside this one
// is a set of scenarios, and is found by its name.
#[path = "schema/answers.rs"]
mod answers;
#[path = "schema/chain.rs"]
mod chain;
#[path = "schema/children.rs"]
mod children;
#[path = "schema/chosen.rs"]
mod chosen;
#[path = "schema/evidence.rs"]
mod evidence;
#[path = "schema/filing.rs"]
mod filing;
#[path = "schema/guards.rs"]
mod guards;
#[path = "schema/office.rs"]
mod office;
#[path = "schema/passages.rs"]
mod passages;
#[path = "schema/people.rs"]
mod people;
#[path = "schema/powers.rs"]
mod powers;
#[path = "schema/procedures.rs"]
mod procedures;
#[path = "schema/providers.rs"]
mod providers;
#[path = "schema/random.rs"]
mod random;
#[path = "schema/refused.rs"]
mod refused;
#[path = "schema/refused_deliveries.rs"]
mod refused_deliveries;
#[path = "schema/refused_messages.rs"]
mod refused_messages;
#[path = "schema/refused_register.rs"]
mod refused_register;
#[path = "schema/retention.rs"]
mod retention;
#[path = "schema/rounds.rs"]
mod rounds;
#[path = "schema/slips.rs"]
mod slips;
#[path = "schema/sms_account.rs"]
mod sms_account;
#[path = "schema/states.rs"]
mod states;
#[path = "schema/unit_changes.rs"]
mod unit_changes;
#[path = "schema/units.rs"]
mod units;
#[path = "schema/world.rs"]
mod world;
