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

    /// A transcript of a day of audio with every word's time is about 30 MB of JSON.
    package var maxUploadSize: Int { 64 * 1024 * 1024 }
}
