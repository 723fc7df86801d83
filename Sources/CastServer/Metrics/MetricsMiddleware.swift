import Hummingbird

/// Counts every answer, and how long it took until its head was there.
struct MetricsMiddleware: RouterMiddleware {
    typealias Context = AppContext

    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let duration = start.duration(to: .now).components
        self.metrics.note(
            status: response.status.code,
            seconds: Double(duration.seconds) + Double(duration.attoseconds) / 1e18)
        return response
    }
}
