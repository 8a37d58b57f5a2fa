//! From a kernel to a graph: registrations, and what their types declare.

use super::{Edge, EdgeKind, Graph, HandlerNode, Origin};
use crate::{HandlerInfo, Kernel, Phase};

impl Graph {
    /// The handlers that are registered now, and what they declare to chain to.
    ///
    /// ```
    /// use trine_tao::{AppCtx, Kernel, Store, path::Graph};
    ///
    /// let tao = Kernel::new(&Store::new());
    /// let _enter = tao.on_inline(("App", "Enter", "Portal"), |_| AppCtx::new("App", "View", "Portal"));
    /// let _view = tao.on_inline(("App", "View", "Portal"), |_| ());
    ///
    /// let graph = Graph::of_kernel(&tao);
    /// assert_eq!(graph.handlers.len(), 2);
    /// assert!(graph.open); // an `AppCtx` may be any signal
    /// ```
    #[must_use]
    pub fn of_kernel(kernel: &Kernel) -> Self {
        let mut graph = Self::default();
        for info in kernel.handlers() {
            graph.registered(&info);
        }
        graph
    }

    fn registered(&mut self, info: &HandlerInfo) {
        let from = self.handlers.len();
        let location = info.id().location().to_string();
        let declared = info.outputs().declared();
        let gate = info.id().phase() == Phase::Intercept;
        self.open |= declared.is_none();
        let origin = Origin::Registered { location: location.clone() };
        self.handlers.push(HandlerNode {
            declared: declared.map(<[_]>::to_vec),
            may_redirect: gate && declared.is_none_or(|signals| !signals.is_empty()),
            may_halt: gate,
            ..HandlerNode::new(info.pattern().clone(), Some(info.id().phase()), origin)
        });
        for signal in declared.unwrap_or_default() {
            self.edges.push(Edge {
                from,
                to: signal.clone(),
                kind: EdgeKind::Declared,
                when: String::new(),
                row: None,
                path: None,
                origin: Origin::Declared { location: location.clone() },
                runs: None,
            });
        }
    }
}
