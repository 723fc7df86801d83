import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// What a node does with a job that it holds.
struct NodeJobRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let jobs = router.group("/api/nodes/jobs")
        jobs.get(":job_id/audio", use: self.audio)
        jobs.post(":job_id/progress", use: self.progress)
        jobs.post(":job_id/complete", use: self.complete)
        jobs.post(":job_id/fail", use: self.fail)
        jobs.post(":job_id/release", use: self.release)
        jobs.get(":job_id/transcript", use: self.transcript)
        jobs.post(":job_id/complete-embed", use: self.completeEmbedding)
    }

    /// The audio, whole or in part; reading it is a sign that the node works on the job.
    @Sendable func audio(request: Request, context: AppContext) async throws -> Response {
        let key = try NodeRoutes.key(of: request)
        let id = try context.id("job_id", of: JobID.self)
        let node = try await self.parts.database.nodes.authenticate(key: key)
        let job = try await self.handle(.touched(by: node.id, until: self.parts.leaseEnd), of: id, request)
        let episode = try await self.parts.database.episodes.get(job.episodeID)
        guard let path = episode.audioPath else { throw CastError(.notFound, "Audio file not found") }
        let file = try self.parts.storage.url(of: path)
        guard var response = try await AudioFile(file)?.response(to: request, context: context) else {
            // The next time it is asked for, it is fetched again.
            try await self.parts.database.episodes.forgetAudio(episode.id, at: self.parts.now())
            throw CastError(.notFound, "Audio file not found on disk")
        }
        // Whatever it is; nodes of the existing server know no other.
        response.headers[.contentType] = "audio/mpeg"
        response.body = self.counted(response.body, job: id, node: node)
        return response
    }

    /// The body, during which the job counts as being fetched; its end is a touch like its beginning.
    private func counted(_ body: ResponseBody, job: JobID, node: Node) -> ResponseBody {
        let parts = self.parts
        return ResponseBody(contentLength: body.contentLength) { writer in
            parts.audioReaders.begin(job)
            let transfer = parts.uplink.begin(to: node)
            defer {
                parts.audioReaders.end(job)
                transfer.end()
            }
            try await body.write(CountingWriter(writer) { transfer.sent($0) })
            _ = try await parts.database.jobs.handle(
                .touched(by: node.id, until: parts.leaseEnd), of: job, at: parts.now())
        }
    }

    @Sendable func progress(request: Request, context: AppContext) async throws -> MessageResponse {
        let (id, node, body) = try await self.read(ProgressRequest.self, request, context)
        let job = try await self.handle(
            .progressed(by: node.id, percent: body.progressPercent, until: self.parts.leaseEnd), of: id, request)
        if let percent = job.percent {
            self.parts.live.tell(LiveProgress.Report(job: id, episode: job.episodeID, percent: percent))
        }
        return MessageResponse("Progress updated")
    }

    @Sendable func complete(request: Request, context: AppContext) async throws -> MessageResponse {
        let (id, node, body) = try await self.read(CompleteRequest.self, request, context)
        let verdict = try await TranscriptIntake(parts: self.parts).take(body, for: id, from: node)
        try await self.parts.database.nodes.noteCall(node.id, at: self.parts.now())
        context.logger.info(
            verdict == .changed ? "job completed" : "result was there already",
            metadata: ["job.id": "\(id)", "node.name": "\(node.name)"])
        return MessageResponse("Job completed successfully")
    }

    @Sendable func fail(request: Request, context: AppContext) async throws -> MessageResponse {
        let (id, node, body) = try await self.read(FailRequest.self, request, context)
        let job = try await self.handle(
            .failed(by: node.id, message: body.errorMessage, retry: body.retry), of: id, request)
        try await self.parts.database.nodes.noteCall(node.id, at: self.parts.now())
        context.logger.warning(
            "node reports a failure",
            metadata: [
                "job.id": "\(id)", "node.name": "\(node.name)", "error": "\(body.errorMessage)",
                "job.state": "\(JobMessage(job).status)",
            ])
        return MessageResponse("Job marked as failed")
    }

    @Sendable func release(request: Request, context: AppContext) async throws -> MessageResponse {
        let key = try NodeRoutes.key(of: request)
        let id = try context.id("job_id", of: JobID.self)
        let node = try await self.parts.database.nodes.authenticate(key: key)
        _ = try await self.handle(.released(by: node.id), of: id, request)
        guard try await self.parts.database.jobs.hasAttempt(id, by: node.id) else {
            throw CastError(.forbidden, "Job not assigned to this node")
        }
        try await self.parts.database.nodes.noteCall(node.id, at: self.parts.now())
        context.logger.info("job released", metadata: ["job.id": "\(id)", "node.name": "\(node.name)"])
        return MessageResponse("Job released back to queue")
    }

    /// The text of a job's episode, for nodes that compute embeddings.
    @Sendable func transcript(request: Request, context: AppContext) async throws -> Response {
        let key = try NodeRoutes.key(of: request)
        let id = try context.id("job_id", of: JobID.self)
        _ = try await self.parts.database.nodes.authenticate(key: key)
        let job = try await self.parts.database.jobs.get(id)
        let episode = try await self.parts.database.episodes.get(job.episodeID)
        guard let path = episode.transcriptPath else { throw CastError(.notFound, "Transcript not found") }
        guard self.parts.storage.exists(path) else { throw CastError(.notFound, "Transcript file not found on disk") }
        let text = String(decoding: try self.parts.storage.read(path), as: UTF8.self)
        let body = try JSONEncoder().encode(["transcript_content": text])
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    @Sendable func completeEmbedding(request: Request, context: AppContext) async throws -> MessageResponse {
        _ = try await self.parts.database.nodes.authenticate(key: try NodeRoutes.key(of: request))
        _ = try await self.parts.database.jobs.get(try context.id("job_id", of: JobID.self))
        throw CastError(.conflict, "This server makes no embedding jobs.")
    }

    private func read<Body: ReadableBody>(
        _ type: Body.Type, _ request: Request, _ context: AppContext
    ) async throws -> (JobID, Node, Body) {
        // What is larger than any other request is read for registered nodes only.
        let small = 1024 * 1024
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? .max
        if Body.maximumBytes > small, length > small {
            _ = try await self.parts.database.nodes.authenticate(key: try NodeRoutes.key(of: request))
        }
        let (key, body) = try await NodeRoutes.read(type, request, context)
        let id = try context.id("job_id", of: JobID.self)
        return (id, try await self.parts.database.nodes.authenticate(key: key), body)
    }

    private func handle(_ event: JobEvent, of id: JobID, _ request: Request) async throws -> Job {
        let (verdict, job) = try await self.parts.database.jobs.handle(
            event, of: id, attempt: request.headers[.jobAttempt], at: self.parts.now(),
            jitter: Double.random(in: -1...1))
        guard verdict != .notHolder else { throw CastError(.forbidden, "Job not assigned to this node") }
        return job
    }
}
