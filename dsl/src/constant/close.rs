//! Closing a plan: params get their values, then every constant in it is worked out.

use super::evaluate::{Known, outside_name};
use super::set::{example, outside_bounds, read};
use super::walk::{self, Visitor};
use super::{ConstantError, Environment, Fault, is_open};
use crate::check::suggest::{listed, nearest};
use crate::plan::{
    Arg, Expr, ExprKind, FromPlan, ParamPlan, Plan, StepPlan, TestActionKind, TestPlan,
};
use crate::signature::Range;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The plan of a run: no param, environment or open constant is left in it.
pub fn close(
    plan: &Plan,
    set: &BTreeMap<String, String>,
    environment: &dyn Environment,
) -> Result<Plan, Vec<ConstantError>> {
    Closing::new(plan, set, environment).close(&BTreeMap::new(), false)
}

/// The plan of a test: its `set` actions come before defaults, and `--set` before them. A test needs no environment: an
/// option that cannot be made of what is there is null, since sources and sinks are replaced.
pub fn close_for_test(
    plan: &Plan,
    test: &TestPlan,
    set: &BTreeMap<String, String>,
    environment: &dyn Environment,
) -> Result<Plan, Vec<ConstantError>> {
    let given = test.actions.iter().filter_map(|action| match &action.kind {
        TestActionKind::Set { param, value } => Some((param.clone(), value.clone())),
        _ => None,
    });
    Closing::new(plan, set, environment).close(&given.collect(), true)
}

struct Closing<'a> {
    plan: &'a Plan,
    set: &'a BTreeMap<String, String>,
    environment: &'a dyn Environment,
    errors: Vec<ConstantError>,
}

impl<'a> Closing<'a> {
    fn new(
        plan: &'a Plan,
        set: &'a BTreeMap<String, String>,
        environment: &'a dyn Environment,
    ) -> Self {
        Self { plan, set, environment, errors: Vec::new() }
    }

    fn close(
        mut self,
        given: &BTreeMap<String, Value>,
        in_test: bool,
    ) -> Result<Plan, Vec<ConstantError>> {
        self.check_names();
        let params = self.params(given);
        let mut plan = self.plan.clone();
        let known = params.known(self.environment);
        let mut closer = Closer { known, in_test, errors: self.errors };
        close_params(&mut plan.params, &closer.known);
        close_plan(&mut plan, &mut closer);
        let mut errors: Vec<ConstantError> = Vec::new();
        for error in closer.errors {
            // A variable that is needed in two places is missing once.
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
        if errors.is_empty() { Ok(plan) } else { Err(errors) }
    }

    /// Every name given with `--set` has to be a param.
    fn check_names(&mut self) {
        let names = || self.plan.params.iter().map(|it| it.name.as_str());
        for name in self.set.keys().filter(|name| !names().any(|it| it == *name)) {
            let known = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.plan.params.is_empty() => "the file has no params".to_owned(),
                None => format!("the params are {}", listed(names())),
            };
            self.errors.push(ConstantError {
                fault: Fault::Usage,
                message: format!("`--set {name}`: there is no param `{name}`; {known}"),
            });
        }
    }

    /// The value of every param. One whose value is wrong is null, so that nothing else is said because of it.
    fn params(&mut self, given: &BTreeMap<String, Value>) -> Params {
        let mut params = Params::default();
        for param in &self.plan.params {
            let name = &param.name;
            let value = self.value(param, given, &params).unwrap_or_else(|error| {
                self.errors.push(error);
                Value::Null
            });
            let is_given = self.set.contains_key(name) || given.contains_key(name);
            let hides = |it: &Expr| params.known(self.environment).hides(it);
            if !is_given && param.default.as_ref().is_some_and(hides) {
                params.hidden.insert(name.clone());
            }
            params.values.insert(name.clone(), value);
        }
        params
    }

    fn value(
        &self,
        param: &ParamPlan,
        given: &BTreeMap<String, Value>,
        earlier: &Params,
    ) -> Result<Value, ConstantError> {
        let ParamPlan { name, typed, .. } = param;
        let usage = |message| ConstantError { fault: Fault::Usage, message };
        if let Some(text) = self.set.get(name) {
            let value = read(text, typed).ok_or_else(|| {
                let how = example(&typed.ty);
                usage(format!(
                    "`--set {name}={text}`: `{name}` is of type `{typed}`, written like {how}"
                ))
            })?;
            return match outside_bounds(&value, param) {
                None => Ok(value),
                Some(why) => Err(usage(format!("`--set {name}={text}`: {why}"))),
            };
        }
        if let Some(value) = given.get(name) {
            return match outside_bounds(value, param) {
                None => Ok(value.clone()),
                Some(why) => Err(usage(format!("`set {name} = {value}`: {why}"))),
            };
        }
        let Some(default) = &param.default else {
            return Err(usage(format!(
                "the param `{name}` has no value: give it with `--set {name}=…`"
            )));
        };
        let known = earlier.known(self.environment);
        let value = known.evaluate(default)?;
        match outside_bounds(&value, param) {
            None => Ok(value),
            Some(why) => {
                let outside = known.hides(default);
                let fault = if outside { Fault::Environment } else { Fault::Usage };
                Err(ConstantError { fault, message: format!("the default of `{name}`: {why}") })
            }
        }
    }
}

/// The params that have a value by now.
#[derive(Default)]
struct Params {
    values: BTreeMap<String, Value>,
    hidden: BTreeSet<String>,
}

impl Params {
    fn known<'a>(&'a self, environment: &'a dyn Environment) -> Known<'a> {
        Known { params: &self.values, hidden: &self.hidden, environment: Some(environment) }
    }
}

/// A param's default becomes its value, unless that came from outside: it may be a secret.
fn close_params(params: &mut [ParamPlan], known: &Known<'_>) {
    for param in params {
        let shown = param.default.take().filter(|_| !known.hidden.contains(&param.name));
        param.default = known.params.get(&param.name).and_then(|value| {
            let span = shown.as_ref().map_or(param.span, |it| it.span);
            let kind = ExprKind::Literal(value.clone());
            shown.is_some().then(|| Expr { kind, typed: param.typed.clone(), span })
        });
    }
}

fn close_plan(plan: &mut Plan, closer: &mut Closer<'_>) {
    for source in &mut plan.sources {
        walk::call(&mut source.connector, closer);
        source.format.iter_mut().for_each(|it| walk::call(it, closer));
        source.time.iter_mut().for_each(|it| walk::expr(it, closer));
    }
    for stream in &mut plan.streams {
        close_flow(&mut stream.from, &mut stream.steps, closer);
    }
    for sink in &mut plan.sinks {
        close_flow(&mut sink.from, &mut sink.steps, closer);
        walk::call(&mut sink.connector, closer);
        sink.format.iter_mut().for_each(|it| walk::call(it, closer));
    }
}

fn close_flow(from: &mut FromPlan, steps: &mut [StepPlan], closer: &mut Closer<'_>) {
    if let FromPlan::Word(call) = from {
        walk::call(call, closer);
    }
    for step in steps {
        walk::args(&mut step.args, closer);
    }
}

/// Works out what is open.
struct Closer<'a> {
    known: Known<'a>,
    in_test: bool,
    errors: Vec<ConstantError>,
}

impl Closer<'_> {
    /// A value outside of what its parameter takes. What came from outside is not shown.
    fn outside(&mut self, expr: &Expr, range: Option<Range>, why: String) {
        let error = match (self.known.hides(expr), range) {
            (true, Some(range)) => {
                let message = format!("{} has to be {range}", outside_name(expr));
                ConstantError { fault: Fault::Environment, message }
            }
            _ => ConstantError { fault: Fault::Usage, message: why },
        };
        if !(self.in_test && error.fault == Fault::Environment) {
            self.errors.push(error);
        }
    }

    fn evaluated(&mut self, expr: &Expr) -> Value {
        self.known.evaluate(expr).unwrap_or_else(|error| {
            if !(self.in_test && error.fault == Fault::Environment) {
                self.errors.push(error);
            }
            Value::Null
        })
    }
}

impl Visitor for Closer<'_> {
    fn arg(&mut self, arg: &mut Arg) {
        if let Arg::Constant(expr, limit) = arg {
            let mut value = self.evaluated(expr);
            if let Some(why) = limit.and_then(|it| it.refuses(&value)) {
                self.outside(expr, limit.map(|it| it.range), why);
                value = Value::Null;
            }
            *arg = Arg::Value(value);
        }
    }

    fn enters(&mut self, arg: &Arg) -> bool {
        // A constant is worked out as a whole: what it does not need is not looked for.
        !matches!(arg, Arg::Constant(..))
    }

    fn expr(&mut self, expr: &mut Expr) {
        if is_open(expr) {
            let value = self.evaluated(expr);
            expr.kind = ExprKind::Literal(value);
        } else if let ExprKind::Call { args, .. } = &mut expr.kind {
            // A function may need its argument as one value: `digits + 1` is one by now.
            for arg in args.iter_mut().filter(|it| !matches!(it.kind, ExprKind::Literal(_))) {
                if let Ok(value) = self.known.evaluate(arg) {
                    arg.kind = ExprKind::Literal(value);
                }
            }
        }
    }
}
