import CastCore
import Foundation
package import Logging
import Podcasts

extension PodcastSource {
    /// Runs a body with the real thing, and lets go of its connections afterwards.
    package static func withNetwork<Result: Sendable>(
        _ configuration: ServerConfiguration, logger: Logger, _ body: (PodcastSource) async throws -> Result
    ) async throws -> Result {
        var publicOnly = WebClient.Configuration()
        publicOnly.addresses = configuration.allowPrivateAddresses ? .anything : .publicOnly
        let web = WebClient(publicOnly, logger: logger)
        // Nodes live on private networks; only their status page is asked, and only for a person who asks.
        var anywhere = WebClient.Configuration()
        anywhere.addresses = .notLinkLocal
        anywhere.redirects = 0
        let nodes = WebClient(anywhere, logger: logger)
        do {
            let result = try await body(Self.network(web, nodes: nodes, logger: logger))
            try await web.shutdown()
            try await nodes.shutdown()
            return result
        } catch {
            try? await web.shutdown()
            try? await nodes.shutdown()
            throw error
        }
    }

    private static func network(_ web: WebClient, nodes: WebClient, logger: Logger) -> PodcastSource {
        var source = PodcastSource(
            fetchFeed: { address, etag, lastModified in
                let url = try Self.url(address)
                let outcome = try await FeedFetcher(client: web).fetch(
                    url, validators: FeedValidators(etag: etag, lastModified: lastModified),
                    into: FileManager.default.temporaryDirectory)
                let fetched: FeedFetcher.Fetched
                switch outcome {
                case .notModified(let movedTo): return .notModified(movedTo: movedTo?.absoluteString)
                case .fetched(let document): fetched = document
                }
                defer { try? FileManager.default.removeItem(at: fetched.file) }
                let parsed = try FeedParser().parse(
                    file: fetched.file, from: fetched.url, contentType: fetched.contentType)
                return .document(Document(parsed, fetched))
            },
            fetchAudio: { address, file, onProgress in
                let url = try Self.url(address)
                // A crash between the end of a download and its job's leaves the file whole.
                if let whole = AudioDownloader.finished(url, at: file) { return FetchedAudio(whole) }
                let downloaded = try await AudioDownloader(client: web, logger: logger).download(url, to: file) {
                    done, total in
                    if let total, total > 0 { onProgress(min(1, Double(done) / Double(total))) }
                }
                return FetchedAudio(downloaded)
            },
            probe: { address in
                try await nodes.status(of: try Self.url(address), within: .seconds(5))
            })
        source.discardAudio = { AudioDownloader.discard($0) }
        return source
    }

    private static func url(_ address: String) throws -> URL {
        // Without the address itself: there may be a password in it, and this sentence is kept and logged.
        guard let url = URL(string: address) else { throw CastError(.invalid, "The address is not a web address.") }
        return url
    }
}

extension PodcastSource.FetchedAudio {
    fileprivate init(_ downloaded: AudioDownloader.Downloaded) {
        self.init(size: downloaded.byteCount, fileExtension: downloaded.format.fileExtension)
    }
}

extension PodcastSource.Document {
    init(_ parsed: ParsedFeed, _ fetched: FeedFetcher.Fetched) {
        self.init(
            feed: FeedDraft(
                title: parsed.title, description: parsed.description, imageURL: parsed.imageURL?.absoluteString,
                author: parsed.author, link: parsed.link?.absoluteString, language: Self.code(of: parsed.language),
                categories: parsed.categories),
            episodes: parsed.episodes.map { episode in
                EpisodeDraft(
                    guid: episode.guid, title: episode.title, description: episode.description,
                    link: episode.link?.absoluteString, audioURL: episode.audioURL.absoluteString,
                    duration: episode.duration, publishedAt: episode.publishedAt)
            },
            etag: fetched.validators.etag, lastModified: fetched.validators.lastModified,
            movedTo: fetched.movedTo?.absoluteString, announcedURL: parsed.newFeedURL?.absoluteString)
    }

    /// A feed's `en-us` as ISO 639-1; feeds often say something that is none, and then the engine is to find out.
    private static func code(of language: String?) -> String? {
        guard let first = language?.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).first,
            first.count == 2, first.allSatisfy({ ("a"..."z").contains($0) })
        else { return nil }
        return String(first)
    }
}
