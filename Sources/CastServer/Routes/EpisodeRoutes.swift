import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// Episodes: list, add one by address or by file, audio, transcript in every format.
struct EpisodeRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let episodes = router.group("/api/episodes")
        episodes.get(use: self.list)
        episodes.post(use: self.addByAddress)
        episodes.post("upload", use: self.addByFile)
        episodes.get("recent", use: self.recent)
        episodes.get("status/:status", use: self.listByState)
        episodes.get(":episode_id", use: self.get)
        episodes.delete(":episode_id/audio", use: self.removeAudio)
        episodes.get(":episode_id/transcript/section", use: self.section)
        episodes.get(":episode_id/audio", use: self.audio)
        episodes.get(":episode_id/transcript", use: self.transcript)
        episodes.get(":episode_id/attempts", use: self.attempts)
    }

    @Sendable func list(request: Request, context: AppContext) async throws -> EpisodeListResponse {
        try await EpisodePage(parts: self.parts).list(request, feed: nil, standardLimit: 100)
    }

    @Sendable func recent(request: Request, context: AppContext) async throws -> RecentEpisodesResponse {
        let (days, limit) = try together(
            Result { try request.queryInt("days", default: 7, in: 1...3650) },
            Result { try request.queryInt("limit", default: 50, in: 1...1000) })
        let found = try await self.parts.database.episodes.published(
            since: self.parts.now() - Double(days) * 86_400, limit: limit)
        return RecentEpisodesResponse(
            found.map { RecentEpisodesResponse.Episode($0.episode, feedTitle: $0.feedTitle) }, days: days)
    }

    @Sendable func listByState(request: Request, context: AppContext) async throws -> EpisodeListResponse {
        let state = try Choice.read(
            context.parameters.get("status") ?? "", as: "a status", of: EpisodeState.self)
        let feed = try request.queryInt("feed_id", default: 0, in: 0...Int.max)
        return try await EpisodePage(parts: self.parts).list(
            request, feed: feed == 0 ? nil : FeedID(Int64(feed)), state: state, standardLimit: 100)
    }

    /// Removes the audio of an episode that has its transcript; where its address is known it can be fetched again.
    @Sendable func removeAudio(request: Request, context: AppContext) async throws -> MessageResponse {
        let episode = try await self.parts.database.episodes.get(try context.id("episode_id"))
        guard episode.transcriptPath != nil else {
            throw CastError(.invalid, "Episode has no transcript yet; its audio is still needed.")
        }
        guard let path = episode.audioPath else { throw CastError(.notFound, "Episode has no audio") }
        try await self.parts.database.episodes.dropAudio(episode.id, reason: "asked for", at: self.parts.now())
        try self.parts.storage.remove(path)
        return MessageResponse("Audio of '\(episode.title)' removed")
    }

    /// What is said from a time on: the sentences of some minutes as plain text.
    @Sendable func section(request: Request, context: AppContext) async throws -> TranscriptSectionResponse {
        let (id, start, length) = try together(
            Result { try context.id("episode_id", of: EpisodeID.self) },
            Result { try request.queryInt("start_time", default: 0, in: 0...1_000_000) },
            Result { try request.queryInt("duration", default: 300, in: 1...86_400) })
        let episode = try await self.parts.database.episodes.get(id)
        let transcript = try TranscriptShelf(storage: self.parts.storage).read(episode)
        let until = Double(start + length)
        let sentences = transcript.sentences.filter { $0.end >= Double(start) && $0.start < until }
        return TranscriptSectionResponse(
            episodeID: id, title: episode.title, startTime: Double(start), endTime: until,
            text: sentences.map(\.text).joined(separator: " "),
            segments: sentences.map {
                TranscriptSectionResponse.Segment(start: $0.start, end: $0.end, text: $0.text)
            })
    }

    @Sendable func get(request: Request, context: AppContext) async throws -> EpisodeMessage {
        let episode = try await self.parts.database.episodes.get(try context.id("episode_id"))
        return try await self.parts.messages(of: [episode])[0]
    }

    /// Adds one episode by its audio's address; it is queued by `process`, like any other.
    @Sendable func addByAddress(request: Request, context: AppContext) async throws -> EditedResponse<EpisodeMessage> {
        let body = try await request.read(AddEpisodeRequest.self, context: context)
        let url = try FeedKeeper.checked(body.audioURL)
        let storage = self.parts.storage
        let feed = try await self.parts.database.feeds.added(
            isFolderTaken: { storage.exists($0) }, at: self.parts.now())
        let episode = try await self.parts.database.episodes.add(
            EpisodeDraft(
                guid: url, title: AudioUpload.title(body.title ?? Self.title(fromPath: URL(string: url)?.path ?? "")),
                audioURL: url,
                publishedAt: self.parts.now()),
            to: feed.id, at: self.parts.now())
        return EditedResponse(status: .created, response: EpisodeMessage(episode, place: self.parts.place))
    }

    /// Adds one episode by its audio: the body is the file, its name is in the query.
    @Sendable func addByFile(request: Request, context: AppContext) async throws -> EditedResponse<EpisodeMessage> {
        let name = request.queryString("filename") ?? "audio.mp3"
        let title = request.queryString("title") ?? Self.title(fromPath: name)
        let episode = try await AudioUpload(parts: self.parts).take(
            request.body, title: title, fileExtension: (name as NSString).pathExtension)
        return EditedResponse(status: .created, response: EpisodeMessage(episode, place: self.parts.place))
    }

    @Sendable func audio(request: Request, context: AppContext) async throws -> Response {
        let episode = try await self.parts.database.episodes.get(try context.id("episode_id"))
        guard let path = episode.audioPath else { throw CastError(.notFound, "Audio file not found") }
        guard let file = try AudioFile(try self.parts.storage.url(of: path)) else {
            throw CastError(.notFound, "Audio file not found on disk")
        }
        return try await file.response(to: request, context: context, isAttachment: false)
    }

    @Sendable func transcript(request: Request, context: AppContext) async throws -> Response {
        let name = request.queryString("format") ?? "md"
        guard let format = TranscriptFormat(rawValue: name) else {
            let valid = TranscriptFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw CastError(.invalid, "“\(name)” is not a format. Valid: \(valid).")
        }
        let episode = try await self.parts.database.episodes.get(try context.id("episode_id"))
        let feed = try await self.parts.database.feeds.get(episode.feedID)
        let isOther = try request.queryEnum("version", as: "a version", of: TranscriptVersion.self) == .other
        let shelf = TranscriptShelf(storage: self.parts.storage)
        guard let transcript = try isOther ? shelf.other(episode) : shelf.read(episode) else {
            throw CastError(.notFound, "Episode has no other transcript: no second try left one.")
        }
        // The address stays, its content changes when the episode is transcribed anew.
        let tag =
            "\"\(episode.id)-\(Int(episode.transcribedAt?.timeIntervalSince1970 ?? 0))-\(Int(episode.updatedAt.timeIntervalSince1970))\(isOther ? "-other" : "")\""
        if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: [.eTag: tag]) }
        let text = try format.render(transcript, header: TranscriptHeader(feed: feed, episode: episode))
        return Response(
            status: .ok,
            headers: [
                .contentType: format.contentType, .eTag: tag, .cacheControl: "no-cache",
                .contentDisposition: AudioFile.disposition(
                    "\(isOther ? "other_" : "")\(episode.stem).\(format.fileExtension)"),
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    @Sendable func attempts(request: Request, context: AppContext) async throws -> AttemptListResponse {
        let id: EpisodeID = try context.id("episode_id")
        _ = try await self.parts.database.episodes.get(id)
        return AttemptListResponse(
            try await self.parts.database.episodes.attempts(of: id).map {
                AttemptMessage(
                    jobType: $0.kind, nodeID: $0.nodeID, nodeName: $0.nodeName, startedAt: $0.startedAt,
                    endedAt: $0.endedAt, outcome: $0.outcome, errorMessage: $0.error)
            })
    }

    /// A title for audio that has none: its file's name without folder and ending.
    static func title(fromPath path: String) -> String {
        let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        let title = (name.removingPercentEncoding ?? name).replacingOccurrences(of: "_", with: " ")
        return title.isEmpty || title == "/" ? "Untitled" : title
    }
}

/// Which of an episode's transcripts.
private enum TranscriptVersion: String, CaseIterable {
    /// The one that is the episode's; what is meant when nothing is said.
    case kept
    /// The one that a second try left over.
    case other
}

extension TranscriptSectionResponse: ResponseEncodable {}
extension RecentEpisodesResponse: ResponseEncodable {}
