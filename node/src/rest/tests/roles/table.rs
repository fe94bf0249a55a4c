//! What each role is answered by each route.

/// A route of the description, and the statuses in the order of [`ROLES`](super::ROLES).
pub struct Row {
    pub route: &'static str,
    /// About things that there are: the creator's, but for the order, which is the buyer's.
    pub there: &'static str,
    /// About things that there are not; nothing, where none is named.
    pub absent: &'static str,
}

const fn row(route: &'static str, there: &'static str, absent: &'static str) -> Row {
    Row { route, there, absent }
}

/// Routes that answer for as long as somebody listens: their own tests say who may.
pub const NOT_ASKED: &[&str] = &["GET /v1/events", "GET /v1/drops/{id}/events"];

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    //                                              anonymous, buyer, creator, other creator, operator
    row("POST /v1/accounts", "201 201 201 201 201", ""),
    row("GET /v1/me", "401 200 200 200 200", ""),
    row("POST /v1/sessions", "201 201 201 201 201", ""),
    row("POST /v1/sessions/refresh", "401 401 401 401 401", ""),
    row("DELETE /v1/sessions", "401 204 204 204 204", ""),
    row("DELETE /v1/sessions/current", "401 204 204 204 204", ""),
    row("PUT /v1/me/password", "401 204 204 204 204", ""),
    row("GET /.well-known/jwks.json", "200 200 200 200 200", ""),
    row("GET /v1/creators/{id}", "200 200 200 200 200", "404 404 404 404 404"),
    row("POST /v1/products", "401 403 201 201 403", ""),
    row("GET /v1/products", "200 200 200 200 200", ""),
    row("GET /v1/products/{id}", "200 200 200 200 200", "404 404 404 404 404"),
    row("PATCH /v1/products/{id}", "401 403 200 404 403", "401 403 404 404 403"),
    row("DELETE /v1/products/{id}", "401 403 204 404 403", "401 403 404 404 403"),
    row("POST /v1/drops", "401 403 201 404 403", ""),
    row("GET /v1/drops", "200 200 200 200 200", ""),
    row("GET /v1/drops/{id}", "200 200 200 200 200", "404 404 404 404 404"),
    row("PATCH /v1/drops/{id}", "401 403 409 404 403", "401 403 404 404 403"),
    row("POST /v1/drops/{id}/restock", "401 403 200 404 403", "401 403 404 404 403"),
    row("POST /v1/drops/{id}/pause", "401 403 200 404 403", "401 403 404 404 403"),
    row("POST /v1/drops/{id}/resume", "401 403 409 404 403", "401 403 404 404 403"),
    row("POST /v1/drops/{id}/end", "401 403 200 404 403", "401 403 404 404 403"),
    row("POST /v1/drops/{id}/cancel", "401 403 200 404 403", "401 403 404 404 403"),
    row("GET /v1/drops/{id}/orders", "401 403 200 404 403", "401 403 404 404 403"),
    row("GET /v1/drops/{id}/stats", "401 403 200 404 403", "401 403 404 404 403"),
    row("POST /v1/orders", "401 201 201 201 201", ""),
    row("GET /v1/orders", "401 200 404 404 404", ""),
    row("GET /v1/orders/{id}", "401 200 404 404 200", "401 404 404 404 404"),
    row("POST /v1/orders/{id}/pay", "401 202 404 404 404", "401 404 404 404 404"),
    row("POST /v1/orders/{id}/cancel", "401 200 404 404 404", "401 404 404 404 404"),
    row("POST /v1/orders/{id}/refund", "401 403 409 404 409", "401 403 404 404 404"),
    row("GET /v1/me/orders", "401 200 200 200 200", ""),
    row("POST /v1/webhooks/stripe", "404 404 404 404 404", ""),
    row("POST /v1/webhook_endpoints", "401 403 201 201 403", ""),
    row("GET /v1/webhook_endpoints", "401 403 200 200 403", ""),
    row("GET /v1/webhook_endpoints/{id}", "401 403 200 404 403", "401 403 404 404 403"),
    row("PATCH /v1/webhook_endpoints/{id}", "401 403 200 404 403", "401 403 404 404 403"),
    row("DELETE /v1/webhook_endpoints/{id}", "401 403 204 404 403", "401 403 404 404 403"),
    row("POST /v1/webhook_endpoints/{id}/rotate", "401 403 200 404 403", "401 403 404 404 403"),
    row("GET /v1/webhook_endpoints/{id}/deliveries", "401 403 200 404 403", "401 403 404 404 403"),
    row("POST /v1/webhook_endpoints/{id}/deliveries/{delivery}/resend", "401 403 404 404 403", "401 403 404 404 403"),
    row("GET /v1/cluster", "200 200 200 200 200", ""),
    row("GET /v1/admin/status", "401 403 403 403 200", ""),
    row("GET /v1/admin/hash", "401 403 403 403 200", ""),
    row("PUT /v1/admin/drain", "401 403 403 403 204", ""),
    row("DELETE /v1/admin/drain", "401 403 403 403 204", ""),
    // This shop remembers nothing.
    row("GET /v1/admin/errors/{request_id}", "401 403 403 403 404", "401 403 403 403 404"),
    row("POST /v1/admin/accounts", "401 403 403 403 201", ""),
    row("GET /v1/admin/accounts", "401 403 403 403 200", ""),
    row("GET /v1/admin/accounts/{id}", "401 403 403 403 200", "401 403 403 403 404"),
    row("PUT /v1/admin/accounts/{id}/role", "401 403 403 403 200", "401 403 403 403 404"),
    row("PUT /v1/admin/accounts/{id}/password", "401 403 403 403 204", "401 403 403 403 404"),
    row("DELETE /v1/admin/accounts/{id}/sessions", "401 403 403 403 204", "401 403 403 403 404"),
    row("POST /v1/admin/accounts/{id}/disable", "401 403 403 403 200", "401 403 403 403 404"),
    row("POST /v1/admin/accounts/{id}/enable", "401 403 403 403 200", "401 403 403 403 404"),
    row("GET /v1/admin/keys", "401 403 403 403 200", ""),
    row("POST /v1/admin/keys", "401 403 403 403 201", ""),
    row("DELETE /v1/admin/keys/{id}", "401 403 403 403 204", "401 403 403 403 404"),
    row("GET /v1/admin/audit", "401 403 403 403 200", ""),
    row("GET /v1/admin/payments", "401 403 403 403 200", ""),
    row("GET /v1/admin/payments/ledger", "401 403 403 403 200", ""),
    row("GET /livez", "200 200 200 200 200", ""),
    row("GET /readyz", "200 200 200 200 200", ""),
    row("GET /metrics", "200 200 200 200 200", ""),
    row("GET /problems/{code}", "200 200 200 200 200", ""),
    row("GET /openapi.json", "200 200 200 200 200", ""),
    row("PUT /v1/drops/{id}/waitlist", "401 409 409 409 409", "401 404 404 404 404"),
    row("GET /v1/drops/{id}/waitlist", "401 404 404 404 404", "401 404 404 404 404"),
    row("DELETE /v1/drops/{id}/waitlist", "401 204 204 204 204", "401 204 204 204 204"),
    // This shop has no index, and tells everybody so.
    row("GET /v1/search", "503 503 503 503 503", ""),
    row("GET /v1/search/suggest", "503 503 503 503 503", ""),
    row("GET /v1/creators/{id}/followers", "200 200 200 200 200", "404 404 404 404 404"),
    row("GET /v1/me/following", "401 200 200 200 200", ""),
    row("GET /v1/me/following/{creator_id}", "401 404 404 404 404", "401 404 404 404 404"),
    // Nobody follows themselves.
    row("PUT /v1/me/following/{creator_id}", "401 204 422 204 204", "401 404 404 404 404"),
    row("DELETE /v1/me/following/{creator_id}", "401 204 204 204 204", "401 204 204 204 204"),
    row("GET /v1/me/notifications", "401 200 200 200 200", ""),
    row("POST /v1/me/notifications/read", "401 204 204 204 204", ""),
    row("GET /v1/me/notifications/preferences", "401 200 200 200 200", ""),
    row("PUT /v1/me/notifications/preferences", "401 200 200 200 200", ""),
    row("POST /v1/admin/accounts/import", "401 403 403 403 200", ""),
    row("POST /v1/admin/followers", "401 403 403 403 200", ""),
    row("GET /v1/admin/events", "401 403 403 403 200", ""),
];
