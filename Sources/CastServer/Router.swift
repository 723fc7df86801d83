import CastCore
import Foundation
package import Hummingbird

/// The routes without the services, so that a test can have them alone.
///
/// - Throws: `CastError(.internalFault)` when a page's template is broken.
package func buildRouter(_ parts: ServerParts) throws -> Router<AppContext> {
    let pages = try Pages()
    let router = Router(context: AppContext.self)
    router.addMiddleware {
        MetricsMiddleware(metrics: parts.metrics)
        ErrorMiddleware(pages: pages)
        SameOriginMiddleware(parts.configuration)
    }
    SystemRoutes(parts: parts).add(to: router)
    NodeRoutes(parts: parts).add(to: router)
    NodeJobRoutes(parts: parts).add(to: router)
    NodeAdminRoutes(parts: parts).add(to: router)
    WorkerProgramRoutes(parts: parts).add(to: router)
    FeedRoutes(parts: parts).add(to: router)
    EpisodeRoutes(parts: parts).add(to: router)
    QueueRoutes(parts: parts).add(to: router)
    PublishingRoutes(parts: parts).add(to: router)
    FleetRoutes(parts: parts).add(to: router)
    PodCallRoutes(parts: parts).add(to: router)
    PodModelRoutes(parts: parts).add(to: router)
    SettingRoutes(parts: parts).add(to: router)
    SearchRoutes(parts: parts).add(to: router)
    EventRoutes(parts: parts).add(to: router)
    MetricsRoutes(parts: parts).add(to: router)
    OpenAPIRoutes().add(to: router)
    PageRoutes(parts: parts, pages: pages).add(to: router)
    return router
}
