//! `window['start']`: a field of a struct in brackets, which DataFusion leaves to a package that is not among ours.

use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::functions::core::get_field;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawFieldAccessExpr};
use datafusion::logical_expr::{Expr, GetFieldAccess};

/// Reads such fields.
#[derive(Debug)]
pub(super) struct Fields;

impl ExprPlanner for Fields {
    fn plan_field_access(
        &self,
        expr: RawFieldAccessExpr,
        _schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        match expr.field_access {
            GetFieldAccess::NamedStructField { name } => {
                let arguments = vec![expr.expr, Expr::Literal(name, None)];
                Ok(PlannerResult::Planned(get_field().call(arguments)))
            }
            GetFieldAccess::ListIndex { .. } | GetFieldAccess::ListRange { .. } => plan_err!(
                "elements of a list are not taken out by their number; `unnest(…)` makes a row of each"
            ),
        }
    }
}
