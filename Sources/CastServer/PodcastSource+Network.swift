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
            let gate = HostGate(HostLimits(perHost: configuration.maxDownloadsPerHost))
            let result = try await body(Self.network(web, nodes: nodes, gate: gate, logger: logger))
            try await web.shutdown()
            try await nodes.shutdown()
            return result
        } catch {
            try? await web.shutdown()
            try? await nodes.shutdown()
            throw error
        }
    }

    private static func network(_ web: WebClient, nodes: WebClient, gate: HostGate, logger: Logger) -> PodcastSource {
        var source = PodcastSource(
            fetchFeed: { question in
                let url = try Self.url(question.url)
                let folder = FileManager.default.temporaryDirectory
                let fetcher = FeedFetcher(client: web)
                let outcome = try await fetcher.fetch(
                    url, validators: FeedValidators(etag: question.etag, lastModified: question.lastModified),
                    into: folder)
                let fetched: FeedFetcher.Fetched
                switch outcome {
                case .notModified(let movedTo): return .notModified(movedTo: movedTo?.absoluteString)
                case .fetched(let document): fetched = document
                }
                defer { try? FileManager.default.removeItem(at: fetched.file) }
                let parsed = try FeedParser().parse(
                    file: fetched.file, from: fetched.url, contentType: fetched.contentType)
                let whole = try await FeedPages(fetcher: fetcher).completed(
                    parsed, from: fetched.url, into: folder, isKnown: { question.known.contains($0) })
                return .document(Document(whole.feed, fetched))
            },
            fetchAudio: { address, file, onProgress in
                let url = try Self.url(address)
                // A crash between the end of a download and its job's leaves the file whole.
                if let whole = AudioDownloader.finished(url, at: file) { return try FetchedAudio(whole, of: address) }
                return try await gate.withTurn(at: url) {
                    let downloaded = try await AudioDownloader(client: web, logger: logger).download(url, to: file) {
                        done, total in
                        if let total, total > 0 { onProgress(min(1, Double(done) / Double(total))) }
                    }
                    return try FetchedAudio(downloaded, of: address)
                }
            },
            probe: { address in
                try await nodes.status(of: try Self.url(address), within: .seconds(5))
            })
        source.discardAudio = { AudioDownloader.discard($0) }
        source.fetchTranscript = { offered, language in
            let links = offered.compactMap { offer in
                URL(string: offer.url).map { url in
                    ParsedEpisode.TranscriptLink(
                        url: url, mimeType: offer.type, language: offer.language, relation: offer.relation)
                }
            }
            guard let found = try await PublisherTranscript.fetch(anyOf: links, feedLanguage: language, with: web)
            else { throw CastError(.invalid, "The publisher offers no transcript with an address.") }
            return (found.transcript, "podcast2.0:\(found.form.rawValue)")
        }
        return source
    }

    private static func url(_ address: String) throws -> URL {
        // Without the address itself: there may be a password in it, and this sentence is kept and logged.
        guard let url = URL(string: address) else { throw CastError(.invalid, "The address is not a web address.") }
        return url
    }
}

extension PodcastSource.FetchedAudio {
    fileprivate init(_ downloaded: AudioDownloader.Downloaded, of address: String) throws {
        // Read once more rather than added up on the way: a download that was resumed did not see all bytes.
        let source = AudioSource(
            url: address, size: downloaded.byteCount, sha256: try FileDigest.sha256(of: downloaded.file),
            etag: downloaded.etag, lastModified: downloaded.lastModified)
        self.init(size: downloaded.byteCount, fileExtension: downloaded.format.fileExtension, origin: source)
    }
}

extension PodcastSource.Document {
    init(_ parsed: ParsedFeed, _ fetched: FeedFetcher.Fetched) {
        self.init(
            feed: FeedDraft(
                title: parsed.title, description: parsed.description, imageURL: parsed.imageURL?.absoluteString,
                author: parsed.author, link: parsed.link?.absoluteString, language: Self.code(of: parsed.language),
                categories: parsed.categories, isUnlisted: parsed.isUnlisted),
            episodes: parsed.episodes.map { episode in
                EpisodeDraft(
                    guid: episode.guid, title: episode.title, description: episode.description,
                    link: episode.link?.absoluteString, audioURL: episode.audioURL.absoluteString,
                    duration: episode.duration, publishedAt: episode.publishedAt,
                    published: episode.transcripts.map {
                        PublishedTranscript(
                            url: $0.url.absoluteString, type: $0.mimeType, language: $0.language,
                            relation: $0.relation)
                    })
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
