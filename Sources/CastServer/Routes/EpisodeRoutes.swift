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
        episodes.get(":episode_id", use: self.get)
        episodes.get(":episode_id/audio", use: self.audio)
        episodes.get(":episode_id/transcript", use: self.transcript)
        episodes.get(":episode_id/attempts", use: self.attempts)
    }

    @Sendable func list(request: Request, context: AppContext) async throws -> EpisodeListResponse {
        var state: EpisodeState?
        if let text = request.queryString("status") {
            guard let known = EpisodeState(rawValue: text) else {
                let valid = EpisodeState.allCases.map(\.rawValue).joined(separator: ", ")
                throw CastError(.invalid, "“\(text)” is not a status. Valid: \(valid).")
            }
            state = known
        }
        let limit = try request.queryInt("limit", default: 100, in: 1...1000)
        let offset = try request.queryInt("offset", default: 0, in: 0...10_000_000)
        let (episodes, total) = try await self.parts.database.episodes.list(state: state, limit: limit, offset: offset)
        return EpisodeListResponse(episodes.map { EpisodeMessage($0, place: self.parts.place) }, total: total)
    }

    @Sendable func get(request: Request, context: AppContext) async throws -> EpisodeMessage {
        EpisodeMessage(
            try await self.parts.database.episodes.get(try context.id("episode_id")), place: self.parts.place)
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
        let transcript = try TranscriptShelf(storage: self.parts.storage).read(episode)
        let text = try format.render(transcript, header: TranscriptHeader(feed: feed, episode: episode))
        return Response(
            status: .ok,
            headers: [
                .contentType: format.contentType,
                .contentDisposition: AudioFile.disposition("\(episode.stem).\(format.fileExtension)"),
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
