import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Podcasts

/// What leaves the library: feeds with our transcripts, all transcripts of a feed, the list of feeds.
struct PublishingRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        router.get("/feeds/{feed_id}.xml", use: self.feed)
        router.get("/api/feeds/opml", use: self.exportList)
        router.post("/api/feeds/opml", use: self.importList)
        router.get("/api/feeds/:feed_id/export", use: self.exportTranscripts)
    }

    // MARK: The feed

    /// The feed as players read it, with a `podcast:transcript` for each form of what we transcribed.
    @Sendable func feed(request: Request, context: AppContext) async throws -> Response {
        let id: FeedID = try context.id("feed_id")
        let feed = try await self.parts.database.feeds.get(id)
        let base = self.base(request)
        guard let address = URL(string: "\(base)/feeds/\(id).xml") else {
            throw CastError(.invalid, "This server's public address is none; set public_url.")
        }
        let newest = try await self.parts.database.episodes.newestChange(feed: id)
        let tag = "\"\(id)-\(Int(newest.timeIntervalSince1970 * 1000))-\(Int(feed.updatedAt.timeIntervalSince1970))\""
        let headers: HTTPFields = [
            .contentType: "application/rss+xml; charset=utf-8", .eTag: tag, .cacheControl: "max-age=300",
        ]
        if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
        let parts = self.parts
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: FeedRenderer(ParsedFeed(feed), address: address).head))
                var cursor: EpisodeStore.Cursor?
                while true {
                    let page = try await parts.database.episodes.page(feed: id, after: cursor, limit: 500)
                    let items = page.compactMap { ParsedEpisode($0, language: feed.language, base: base) }
                    try await writer.write(ByteBuffer(string: items.map(FeedRenderer.item).joined()))
                    guard page.count == 500, let last = page.last else { break }
                    cursor = EpisodeStore.Cursor(publishedAt: last.publishedAt, id: last.id)
                }
                try await writer.write(ByteBuffer(string: FeedRenderer.tail))
                try await writer.finish(nil)
            })
    }

    /// Where people reach this server: what is set, else how this request reached it.
    private func base(_ request: Request) -> String {
        let set = self.parts.configuration.publicURL
        return set.isEmpty ? "http://\(request.head.authority ?? "localhost:\(self.parts.configuration.port)")" : set
    }

    // MARK: The list of feeds

    @Sendable func exportList(request: Request, context: AppContext) async throws -> Response {
        let entries = try await self.parts.database.feeds.list().compactMap { listed -> OPML.Entry? in
            guard listed.feed.url != Feed.addedURL, let url = URL(string: listed.feed.url) else { return nil }
            return OPML.Entry(title: listed.feed.displayTitle, url: url)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/x-opml; charset=utf-8",
                .contentDisposition: AudioFile.disposition("cast2md.opml"),
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: OPML.render(entries, title: "cast2md"))))
    }

    /// Takes a list of feeds; each is looked at within a minute, and none of its episodes is queued.
    @Sendable func importList(request: Request, context: AppContext) async throws -> ImportedFeedsResponse {
        let limit = OPML.Limits().bytes
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw CastError(.tooLarge, "The list is larger than \(limit) bytes.")
        }
        let list = try OPML.parse(buffer.readableBytesView)
        let storage = self.parts.storage
        var answer = ImportedFeedsResponse(faults: list.faults)
        for entry in list.entries {
            let url = entry.url.absoluteString
            do {
                let title = entry.title.isEmpty ? entry.url.host ?? url : entry.title
                _ = try await self.parts.database.feeds.add(
                    url: try FeedKeeper.checked(url), draft: FeedDraft(title: title), episodes: [],
                    isFolderTaken: { storage.exists($0) }, at: self.parts.now())
                answer.added += 1
            } catch let error as CastError where error.code == .conflict {
                answer.existing += 1
            } catch let error as CastError where error.code == .invalid {
                answer.faults.append(error.message)
            }
        }
        return answer
    }

    // MARK: Transcripts

    /// All transcripts of a feed in one archive.
    @Sendable func exportTranscripts(request: Request, context: AppContext) async throws -> Response {
        let id: FeedID = try context.id("feed_id")
        let format = try request.queryEnum("format", as: "a format", of: TranscriptFormat.self) ?? .md
        let feed = try await self.parts.database.feeds.get(id)
        let parts = self.parts
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/zip",
                .contentDisposition: AudioFile.disposition("\(feed.folder).zip"),
            ],
            body: ResponseBody { writer in
                var archive = ZipArchive()
                var cursor: EpisodeStore.Cursor?
                let shelf = TranscriptShelf(storage: parts.storage)
                while true {
                    let page = try await parts.database.episodes.page(
                        feed: id, state: .completed, after: cursor, limit: 100)
                    for episode in page {
                        // One that is gone from the disk is left out; all others are worth having.
                        guard let transcript = try? shelf.read(episode) else { continue }
                        let text = try format.render(
                            transcript, header: TranscriptHeader(feed: feed, episode: episode))
                        let name = "\(feed.folder)/\(episode.stem).\(format.fileExtension)"
                        guard let bytes = archive.add(name, Array(text.utf8)) else { break }
                        try await writer.write(ByteBuffer(bytes: bytes))
                    }
                    guard page.count == 100, let last = page.last else { break }
                    cursor = EpisodeStore.Cursor(publishedAt: last.publishedAt, id: last.id)
                }
                try await writer.write(ByteBuffer(bytes: archive.end()))
                try await writer.finish(nil)
            })
    }
}

extension ParsedFeed {
    fileprivate init(_ feed: Feed) {
        self.init(
            title: feed.displayTitle, description: feed.description, link: feed.link.flatMap { URL(string: $0) },
            author: feed.author, imageURL: feed.imageURL.flatMap { URL(string: $0) }, language: feed.language,
            categories: feed.categories)
    }
}

extension ParsedEpisode {
    /// Nil for an episode whose audio nobody outside can fetch.
    fileprivate init?(_ episode: Episode, language: String?, base: String) {
        guard let audio = episode.audioURL.flatMap({ URL(string: $0) }) else { return nil }
        let offers = episode.transcriptPath == nil ? [] : [TranscriptOffer.vtt, .srt, .json, .html]
        self.init(
            guid: episode.guid, title: episode.title, description: episode.description,
            link: episode.link.flatMap { URL(string: $0) }, audioURL: audio, byteCount: episode.audioSize,
            duration: episode.duration, publishedAt: episode.publishedAt,
            transcripts: offers.compactMap { offer in
                URL(string: "\(base)/api/episodes/\(episode.id)/transcript?format=\(offer.format.rawValue)").map {
                    offer.link($0, language: language)
                }
            })
    }
}

extension ImportedFeedsResponse: ResponseEncodable {}
