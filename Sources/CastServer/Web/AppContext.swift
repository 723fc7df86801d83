package import Foundation
package import Hummingbird
import Logging
import NIOCore

/// What a request carries through the routes.
package struct AppContext: RequestContext {
    package var coreContext: CoreRequestContextStorage

    package init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
    }

    package var responseEncoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }

    /// For bodies that the framework itself reads; ours are read by `Request.read`, each with its own limit.
    package var maxUploadSize: Int { 1024 * 1024 }
}
