package import CastCore
package import Foundation
package import Logging
package import Podcasts

/// The one call that leaves a node for somebody other than its server: audio from its publisher.
package struct PublisherAudio: Sendable {
    /// One try to fetch a file exactly as the server has it; nothing is left of one that fails.
    package var fetch:
        @Sendable (_ source: AudioSource, _ file: URL, _ onBytes: @escaping @Sendable (Int) -> Void) async throws ->
            Void

    package init(
        fetch: @escaping @Sendable (AudioSource, URL, @escaping @Sendable (Int) -> Void) async throws -> Void
    ) {
        self.fetch = fetch
    }

    /// Runs a body with the real thing, and lets go of its connections afterwards.
    ///
    /// It asks directly, whatever proxy there is to the server: a pod's proxy leads into the tailnet.
    package static func withNetwork<Result: Sendable>(
        _ addresses: AddressPolicy, patience: FetchPatience = FetchPatience(), logger: Logger,
        _ body: (PublisherAudio) async throws -> Result
    ) async throws -> Result {
        var configuration = WebClient.Configuration()
        configuration.addresses = addresses
        configuration.connectTimeout = .seconds(5)
        configuration.silenceTimeout = patience.grace
        let client = WebClient(configuration, logger: logger)
        let download = ExactDownload(client: client, patience: patience)
        do {
            let result = try await body(
                PublisherAudio { source, file, onBytes in
                    try await download.fetch(source, to: file, onBytes: onBytes)
                })
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}
