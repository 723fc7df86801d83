import CastAPI
import CastCore
import CastStore
import Foundation

/// Takes a node's result: renders it, writes it, and completes the job, once.
package struct TranscriptIntake: Sendable {
    let parts: ServerParts

    /// - Returns: `.unchanged` when the job was done already; the text is then left as it is.
    func take(_ request: CompleteRequest, for id: JobID, from node: Node) async throws -> JobVerdict {
        let job = try await self.parts.database.jobs.get(id)
        // Most repetitions are seen here, before anything is written; the transaction decides about the rest.
        if case .completed(by: node.id, _) = job.state { return .unchanged }
        guard try await self.parts.database.jobs.hasAttempt(id, by: node.id) else {
            throw CastError(.forbidden, "Job not assigned to this node")
        }
        let episode = try await self.parts.database.episodes.get(job.episodeID)
        let feed = try await self.parts.database.feeds.get(episode.feedID)
        let model = self.parts.configuration.secondTryModel
        return try await self.take(
            try Self.transcript(in: request), source: "whisper", for: job, from: node.id, of: episode, in: feed
        ) { transcript in
            SecondTry.isWanted(after: transcript.quality, madeBy: [transcript.model, node.model], model: model)
                ? model : nil
        }
    }

    /// Takes a transcript that the server itself fetched from the publisher.
    func take(
        _ transcript: Transcript, source: String, for job: Job, of episode: Episode, in feed: Feed
    ) async throws {
        guard transcript.isPlausible else {
            throw CastError(.invalid, "The publisher's transcript has times that run backwards or are no numbers.")
        }
        _ = try await self.take(transcript, source: source, for: job, from: .server, of: episode, in: feed)
    }

    private func take(
        _ given: Transcript, source: String, for job: Job, from node: NodeID, of episode: Episode, in feed: Feed,
        secondTryModel: (Transcript) -> String? = { _ in nil }
    ) async throws -> JobVerdict {
        var transcript = given
        // Judged here, whatever the node says of it; texts of publishers have no words with times to judge by.
        transcript.quality = given.source == .engine ? TranscriptQuality(of: given) : nil
        let path = self.parts.storage.transcriptPath(feed: feed, episode: episode)
        let header = TranscriptHeader(feed: feed, episode: episode)
        let markdown = try TranscriptFormat.md.render(transcript, header: header)
        let native = try TranscriptFormat.encode(transcript)
        // New files reach the disk together with those of other nodes' results. What replaces an old file is there before
        // the old one goes: a power cut leaves the one or the other.
        let storage = self.parts.storage
        let isReplacing = storage.exists(path) || storage.exists(Self.nativePath(of: path))
        let text = try storage.stage(Data(markdown.utf8), for: path, isSynced: isReplacing)
        defer { text.discard() }
        let words = try storage.stage(native, for: Self.nativePath(of: path), isSynced: isReplacing)
        defer { words.discard() }
        let old = try storage.keepAside(Self.nativePath(of: path))
        defer { old?.discard() }
        let others = try job.isSecondTry ? Others(storage, path: path, second: native) : nil
        defer { others?.discard() }
        let sync: (@Sendable () throws -> Void)? = isReplacing ? nil : { @Sendable in try storage.sync() }
        return try await self.parts.database.jobs.complete(
            job.id, by: node,
            product: .transcript(
                path: path, model: transcript.model ?? "unknown", source: source, duration: transcript.duration,
                quality: transcript.quality),
            at: self.parts.now(), sync: sync, secondTryModel: secondTryModel(transcript),
            setAside: { try others?.second.install() }
        ) {
            try others?.first?.install()
            try words.install(isSynced: isReplacing)
            do {
                try text.install(isSynced: isReplacing)
            } catch {
                // The two belong together: rather the old pair than a new half.
                try old?.install()
                throw error
            }
        }
    }

    /// The transcript that is not kept after a second try, whichever it is.
    private struct Others {
        /// Nil when its file is gone.
        let first: StorageFolder.Staged?
        let second: StorageFolder.Staged

        init(_ storage: StorageFolder, path: String, second: Data) throws {
            let place = TranscriptIntake.otherPath(of: path)
            let native = TranscriptIntake.nativePath(of: path)
            // A crash between the files and the commit may have put the second one there already.
            let isThere = try storage.exists(native) && storage.read(native) == second
            self.first = isThere ? nil : try storage.keepAside(native, for: place)
            self.second = try storage.stage(second, for: place)
        }

        func discard() {
            self.first?.discard()
            self.second.discard()
        }
    }

    /// Where the native form of the transcript lies that a second try left over; no episode's file has such a name, since
    /// all of them begin with a day.
    package static func otherPath(of path: String) -> String {
        let native = URL(fileURLWithPath: "/" + Self.nativePath(of: path))
        let folder = String(native.deletingLastPathComponent().path.dropFirst())
        return "\(folder)/other_\(native.lastPathComponent)"
    }

    /// Where the native form lies: beside the Markdown.
    package static func nativePath(of path: String) -> String {
        (path.hasSuffix(".md") ? String(path.dropLast(3)) : path) + ".json"
    }

    /// The native transcript if the node sent one, else what can be read from its text.
    private static func transcript(in request: CompleteRequest) throws -> Transcript {
        var transcript = request.transcript ?? TranscriptMarkdown.parse(request.transcriptText)
        guard transcript.isPlausible else {
            throw CastError(.invalid, "The transcript's times run backwards or are no numbers; it was not taken.")
        }
        if transcript.model == nil, let model = request.whisperModel, !model.isEmpty { transcript.model = model }
        return transcript
    }
}

extension Transcript {
    /// Whether every time is a number of seconds that a recording can have, and nothing ends before it starts.
    var isPlausible: Bool {
        if let duration = self.duration, !Self.isPlausible(0, duration) { return false }
        return self.sentences.allSatisfy { sentence in
            Self.isPlausible(sentence.start, sentence.end)
                && sentence.words.allSatisfy { Self.isPlausible($0.start, $0.end) }
        }
    }

    private static func isPlausible(_ start: Double, _ end: Double) -> Bool {
        start.isFinite && end.isFinite && start >= 0 && end >= start && end < 1_000_000
    }
}

extension TranscriptHeader {
    /// What the Markdown's front matter says of an episode.
    init(feed: Feed, episode: Episode) {
        self.init(
            title: episode.title, feed: feed.displayTitle, date: episode.publishedAt, audioURL: episode.audioURL)
    }
}
