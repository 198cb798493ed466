//! A way in, and the function behind it.
//!
//! The compiler holds each function against the contract: it is given what its
//! endpoint takes and has to answer what its endpoint answers.

use std::future::ready;
use std::rc::Rc;
use std::str::FromStr;

use domain::api::{self, Csv, Endpoint, Gate, Method};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::call::{Call, Signed};
use super::reply::Reply;
use crate::platform::error::AppError;

/// Most bytes of a parent's form.
pub const FORM_BYTES_MAX: usize = 1_000;

/// An answer in the making.
pub type Answering = LocalBoxFuture<'static, Result<Reply, AppError>>;

/// What handles a request behind its gate.
type Run<C> = Rc<dyn Fn(C) -> Answering>;

/// A handler: one for everybody, or one that is given who is signed in.
#[derive(Clone)]
pub enum Handler {
    /// Behind [`Gate::Open`].
    Open(Run<Call>),
    /// Behind the other gates.
    Signed(Run<Signed>),
}

/// One way in.
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// What it takes to enter.
    pub gate: Gate,
    /// Most bytes of the body.
    pub limit: usize,
    /// What handles it.
    pub handler: Handler,
}

/// The way in to an endpoint of the contract.
pub fn on<Takes, C: Caller, P, B, A>(
    endpoint: Endpoint<P, B, A>,
    run: impl Handles<Takes, C, P, B, A>,
) -> Route {
    let operation = endpoint.operation;
    let place = operation.parameter().unwrap_or_default();
    Route {
        method: operation.method,
        path: operation.path,
        gate: operation.gate,
        limit: operation.limit,
        handler: C::handler(Rc::new(move |caller| run.start(caller, place).unwrap_or_else(refused))),
    }
}

/// The way in to a page or to the demo's own figures, which are outside the contract and open to anybody.
pub fn page<F: Future<Output = Result<Reply, AppError>> + 'static>(
    method: Method,
    path: &'static str,
    limit: usize,
    run: impl Fn(Call) -> F + 'static,
) -> Route {
    let handler = Handler::Open(Rc::new(move |call| Box::pin(run(call))));
    Route { method, path, gate: Gate::Open, limit, handler }
}

fn answering<A: 'static>(answer: impl Future<Output = Result<Reply<A>, AppError>> + 'static) -> Answering {
    untyped(Box::pin(answer))
}

/// Behind a box, so that there is one for each type of answer, not for each handler: 7 KB of wasm.
fn untyped<A: 'static>(answer: LocalBoxFuture<'static, Result<Reply<A>, AppError>>) -> Answering {
    Box::pin(async move { Ok(answer.await?.untyped()) })
}

fn refused(error: AppError) -> Answering {
    Box::pin(ready(Err(error)))
}

/// Who calls: anybody, or somebody who is signed in.
pub trait Caller: Sized + 'static {
    /// The request.
    fn call(&self) -> &Call;
    /// A handler that is given this kind of caller.
    fn handler(run: Run<Self>) -> Handler;
}

impl Caller for Call {
    fn call(&self) -> &Call {
        self
    }

    fn handler(run: Run<Self>) -> Handler {
        Handler::Open(run)
    }
}

impl Caller for Signed {
    fn call(&self) -> &Call {
        &self.call
    }

    fn handler(run: Run<Self>) -> Handler {
        Handler::Signed(run)
    }
}

/// A function that can handle an `Endpoint<P, B, A>`. Its arguments are the
/// caller, then the path's parameter where there is one, then the body where
/// there is one; `Takes` tells these four forms, and a file, apart.
#[diagnostic::on_unimplemented(
    message = "this function does not take, or does not answer, what the contract says of its endpoint",
    note = "it takes the caller, the path's parameter `{P}` unless that is `()`, the body `{B}` unless that is `()`, and answers `Result<Reply<{A}>, AppError>`"
)]
pub trait Handles<Takes, C, P, B, A>: 'static {
    /// Reads the arguments out of the request and begins; `place` names the path's parameter.
    ///
    /// # Errors
    /// Where an argument cannot be read.
    fn start(&self, caller: C, place: &str) -> Result<Answering, AppError>;
}

/// Takes the caller alone.
pub enum Nothing {}
/// Takes the path's parameter.
pub enum Place {}
/// Takes a JSON body.
pub enum Body {}
/// Takes both.
pub enum PlaceAndBody {}
/// Reads a file out of the call's body by itself.
pub enum File {}
/// The same, behind the path's parameter.
pub enum PlaceAndFile {}

impl<F, R, C, A: 'static> Handles<Nothing, C, (), (), A> for F
where
    F: Fn(C) -> R + 'static,
    R: Future<Output = Result<Reply<A>, AppError>> + 'static,
{
    fn start(&self, caller: C, _place: &str) -> Result<Answering, AppError> {
        Ok(answering(self(caller)))
    }
}

impl<F, R, C, A: 'static> Handles<File, C, (), Csv, A> for F
where
    F: Fn(C) -> R + 'static,
    R: Future<Output = Result<Reply<A>, AppError>> + 'static,
{
    fn start(&self, caller: C, _place: &str) -> Result<Answering, AppError> {
        Ok(answering(self(caller)))
    }
}

impl<F, R, C, P, A: 'static> Handles<PlaceAndFile, C, P, api::File, A> for F
where
    F: Fn(C, P) -> R + 'static,
    R: Future<Output = Result<Reply<A>, AppError>> + 'static,
    C: Caller,
    P: FromStr,
{
    fn start(&self, caller: C, place: &str) -> Result<Answering, AppError> {
        let at = caller.call().param(place)?;
        Ok(answering(self(caller, at)))
    }
}

impl<F, R, C, P, A: 'static> Handles<Place, C, P, (), A> for F
where
    F: Fn(C, P) -> R + 'static,
    R: Future<Output = Result<Reply<A>, AppError>> + 'static,
    C: Caller,
    P: FromStr,
{
    fn start(&self, caller: C, place: &str) -> Result<Answering, AppError> {
        let at = caller.call().param(place)?;
        Ok(answering(self(caller, at)))
    }
}

impl<F, R, C, B, A: 'static> Handles<Body, C, (), B, A> for F
where
    F: Fn(C, B) -> R + 'static,
    R: Future<Output = Result<Reply<A>, AppError>> + 'static,
    C: Caller,
    B: DeserializeOwned,
{
    fn start(&self, caller: C, _place: &str) -> Result<Answering, AppError> {
        let body = caller.call().json()?;
        Ok(answering(self(caller, body)))
    }
}

impl<F, R, C, P, B, A: 'static> Handles<PlaceAndBody, C, P, B, A> for F
where
    F: Fn(C, P, B) -> R + 'static,
    R: Future<Output = Result<Reply<A>, AppError>> + 'static,
    C: Caller,
    P: FromStr,
    B: DeserializeOwned,
{
    fn start(&self, caller: C, place: &str) -> Result<Answering, AppError> {
        let at = caller.call().param(place)?;
        let body = caller.call().json()?;
        Ok(answering(self(caller, at, body)))
    }
}
