package import CastCore
package import Foundation

/// The calls that leave this machine for feeds and audio.
package struct PodcastSource: Sendable {
    /// What a feed's address answered.
    package enum FeedAnswer: Sendable {
        /// What came last time still holds; the feed may have moved for good all the same.
        case notModified(movedTo: String? = nil)
        case document(Document)
    }

    package struct Document: Sendable {
        package var feed: FeedDraft
        package var episodes: [EpisodeDraft]
        package var etag: String?
        package var lastModified: String?
        /// Where permanent redirects led.
        package var movedTo: String?
        /// Where the publisher says in the feed that it has moved to.
        package var announcedURL: String?

        package init(
            feed: FeedDraft, episodes: [EpisodeDraft], etag: String? = nil, lastModified: String? = nil,
            movedTo: String? = nil, announcedURL: String? = nil
        ) {
            self.feed = feed
            self.episodes = episodes
            self.etag = etag
            self.lastModified = lastModified
            self.movedTo = movedTo
            self.announcedURL = announcedURL
        }
    }

    /// An audio file that was fetched whole and synced.
    package struct FetchedAudio: Sendable {
        package var size: Int64
        /// Without the dot, for example `mp3`.
        package var fileExtension: String
        /// Where it came from, and its digest; nil says that it is not to be fetched there by others.
        package var origin: AudioSource?

        package init(size: Int64, fileExtension: String, origin: AudioSource? = nil) {
            self.size = size
            self.fileExtension = fileExtension
            self.origin = origin
        }
    }

    /// A look at a feed; the validators of the last answer make the request conditional.
    package struct FeedQuestion: Sendable {
        package var url: String
        package var etag: String?
        package var lastModified: String?
        /// What the feed calls the episodes that are here; a feed that is cut into pages is read on only while a page
        /// holds none of them.
        package var known: Set<String>

        package init(url: String, etag: String? = nil, lastModified: String? = nil, known: Set<String> = []) {
            self.url = url
            self.etag = etag
            self.lastModified = lastModified
            self.known = known
        }
    }

    package var fetchFeed: @Sendable (FeedQuestion) async throws -> FeedAnswer
    /// Fetches audio to a file; an interrupted call goes on where it was, and a file that is there whole is taken.
    ///
    /// Progress is 0 to 1.
    package var fetchAudio:
        @Sendable (_ url: String, _ file: URL, _ onProgress: @escaping @Sendable (Double) -> Void) async throws ->
            FetchedAudio
    /// Removes what interrupted calls of `fetchAudio` left for a file, and the file.
    package var discardAudio: @Sendable (_ file: URL) -> Void = { _ in }
    /// Fetches the best of the transcripts that a publisher offers; `language` is the feed's.
    ///
    /// The answer's source says which form it was, for example `podcast2.0:vtt`.
    package var fetchTranscript:
        @Sendable (_ offered: [PublishedTranscript], _ language: String?) async throws -> (Transcript, source: String) =
            {
                offered, _ in throw CastError(.internalFault, "Nobody was to fetch \(offered.count) transcripts.")
            }
    /// The status that an address answers a GET with, within five seconds.
    package var probe: @Sendable (_ url: String) async throws -> Int

    package init(
        fetchFeed: @escaping @Sendable (FeedQuestion) async throws -> FeedAnswer,
        fetchAudio:
            @escaping @Sendable (String, URL, @escaping @Sendable (Double) -> Void) async throws ->
            FetchedAudio,
        probe: @escaping @Sendable (String) async throws -> Int
    ) {
        self.fetchFeed = fetchFeed
        self.fetchAudio = fetchAudio
        self.probe = probe
    }

    /// For tests that make no such call: each one fails and says so.
    package static let unimplemented = PodcastSource(
        fetchFeed: { throw CastError(.internalFault, "Nobody was to fetch the feed \($0.url).") },
        fetchAudio: { url, _, _ in throw CastError(.internalFault, "Nobody was to fetch the audio \(url).") },
        probe: { url in throw CastError(.internalFault, "Nobody was to ask \(url).") })
}
