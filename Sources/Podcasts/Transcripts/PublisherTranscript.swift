import AsyncHTTPClient
package import CastCore
import Foundation
import NIOCore
import NIOHTTP1

/// A transcript that the publisher offers with an episode, fetched and read.
package struct PublisherTranscript: Sendable, Equatable {
    package typealias Link = ParsedEpisode.TranscriptLink

    package struct Limits: Sendable {
        /// Bytes after unpacking.
        package var bytes = ForeignTranscript.limit
        /// For the whole fetch, redirects and body included.
        package var time = Duration.seconds(60)
        /// Fewer are a placeholder (“coming soon”), not what was said.
        package var words = 20

        package init() {}
    }

    package var transcript: Transcript
    /// Which of the episode's links it is of.
    package var link: Link
    /// The form that it turned out to have.
    package var form: ForeignTranscript.Form

    /// Whether it says when something was said; without, subtitles cannot be made of it.
    package var hasTimes: Bool { self.transcript.sentences.contains { $0.start > 0 || $0.end > 0 } }

    /// The links in the order in which they are worth a try.
    ///
    /// Those in the feed's language come first, and what says no language is in it; then the form that tells most of
    /// times and speakers, then what is cut as captions, then the feed's own order.
    package static func ranked(_ links: [Link], feedLanguage: String?) -> [Link] {
        let wanted = feedLanguage.map(self.primary)
        let ranks = links.map { link -> [Int] in
            let language = link.language.map(self.primary)
            let isOther = language != nil && wanted != nil && language != wanted
            let form = ForeignTranscript.form(mediaType: link.mimeType, path: link.url.path)
            let place = form.flatMap { ForeignTranscript.Form.allCases.firstIndex(of: $0) }
            return [
                isOther ? 1 : 0, place ?? ForeignTranscript.Form.allCases.count, link.relation == "captions" ? 0 : 1,
            ]
        }
        return links.indices.sorted { (ranks[$0] + [$0]).lexicographicallyPrecedes(ranks[$1] + [$1]) }.map { links[$0] }
    }

    /// `pt` of `pt-BR`.
    private static func primary(_ code: String) -> String {
        code.lowercased().prefix { $0 != "-" && $0 != "_" }.description
    }

    /// Fetches the best transcript of an episode that can be read.
    ///
    /// Returns nil where there are no links. Throws `CastError`: `.unavailable` or `.timedOut` when another try may
    /// help, otherwise `.invalid` with what is wrong with each; and `CancellationError`.
    package static func fetch(
        anyOf links: [Link], feedLanguage: String?, with client: WebClient, limits: Limits = Limits(),
        clock: any Clock<Duration> = ContinuousClock()
    ) async throws -> PublisherTranscript? {
        var refusals: [CastError] = []
        for link in self.ranked(links, feedLanguage: feedLanguage).prefix(5) {
            do {
                return try await self.fetch(
                    link, language: link.language ?? feedLanguage, with: client, limits: limits, clock: clock)
            } catch let error as CastError {
                refusals.append(error)
            }
        }
        if let passing = refusals.first(where: { $0.code == .unavailable || $0.code == .timedOut }) { throw passing }
        guard !refusals.isEmpty else { return nil }
        throw refusals.count == 1
            ? refusals[0] : CastError(.invalid, refusals.map(\.message).joined(separator: " "))
    }

    /// Fetches one transcript; `language` is what it is in when the file itself does not say.
    ///
    /// Throws `CastError`: `.gone`, `.forbidden`, `.unavailable`, `.timedOut`, `.tooLarge`, and `.invalid` with a
    /// sentence on why what came is no transcript; and `CancellationError`.
    package static func fetch(
        _ link: Link, language: String?, with client: WebClient, limits: Limits = Limits(),
        clock: any Clock<Duration> = ContinuousClock()
    ) async throws -> PublisherTranscript {
        let limit = limits.time
        let place = link.url.place
        let (bytes, mediaType, path) = try await withDeadline(
            limit, clock: clock, "\(place) took longer than \(limit.components.seconds) seconds."
        ) {
            try await self.bytes(of: link.url, with: client, limits: limits)
        }
        let claimed =
            ForeignTranscript.form(mediaType: link.mimeType, path: link.url.path)
            ?? ForeignTranscript.form(mediaType: mediaType, path: path)
        do {
            let form = try TranscriptJudgement.form(of: bytes, claimed: claimed)
            let code = language.map(self.primary).flatMap { (2...3).contains($0.count) ? $0 : nil }
            let transcript = try ForeignTranscript.read(bytes, as: form, language: code)
            try TranscriptJudgement.expect(limits.words, wordsIn: transcript)
            return PublisherTranscript(transcript: transcript, link: link, form: form)
        } catch let error as CastError {
            throw CastError(error.code, "\(error.message) (\(place))", cause: error.cause)
        }
    }

    private static func bytes(
        of url: URL, with client: WebClient, limits: Limits
    ) async throws -> (bytes: [UInt8], mediaType: String, path: String) {
        let answer = try await client.get(
            url,
            headers: [
                "Accept":
                    "text/vtt, application/x-subrip, application/json;q=0.9, text/html;q=0.8, text/plain;q=0.7, */*;q=0.5",
                "Accept-Encoding": "gzip",
            ])
        guard answer.response.status == .ok else {
            throw WebFault.error(status: answer.response.status, headers: answer.response.headers, url, now: Date())
        }
        let tooLarge = CastError(
            .tooLarge, "\(url.place) is larger than \(limits.bytes >> 20) MB, which no transcript should be.")
        if let length = answer.header("Content-Length").flatMap({ Int64($0) }), length > limits.bytes { throw tooLarge }
        var bytes: [UInt8] = []
        do {
            for try await chunk in answer.response.body {
                guard bytes.count + chunk.readableBytes <= limits.bytes else { throw tooLarge }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch {
            throw try WebFault.translated(error, url)
        }
        return (bytes, answer.mediaType, answer.url.path)
    }
}
