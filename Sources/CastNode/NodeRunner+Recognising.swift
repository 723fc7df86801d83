import CastAPI
import CastCore
import Foundation
import Logging
import Transcription

extension NodeRunner {
    /// Recognises one job after the other; never waits while there is audio.
    func recognise() async throws {
        while true {
            guard let held = self.state.begin(at: self.now()) else {
                // Waiting is the same with and without a limit; this one makes a lost ring cost seconds, not the night.
                try await self.state.audioReady.wait(upTo: self.settings.pollInterval, self.clock)
                continue
            }
            try await self.work(on: held)
        }
    }

    private func work(on held: NodeState.Held) async throws {
        guard let job = held.claim.jobID else { return }
        let file = self.audioFile(job)
        do {
            guard let transcript = try await self.transcribe(held, job, file) else {
                try? FileManager.default.removeItem(at: file)
                return
            }
            try await self.keep(transcript, of: held)
            try? FileManager.default.removeItem(at: file)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let error = (error as? CastError) ?? CastError(.engineFailed, "\(error)", cause: error)
            // Damaged audio is nobody's fault here: no other worker will do better, and this machine is well.
            let isAudioAtFault = [.unreadableMedia, .notFound, .invalid].contains(error.code)
            await self.giveUp(
                held, "Transcription failed: \(error.message)", retry: !isAudioAtFault || error.code == .notFound,
                countsAgainstUs: !isAudioAtFault)
        }
    }

    /// - Returns: Nil when the job was lost meanwhile: the recognition is then broken off.
    private func transcribe(_ held: NodeState.Held, _ job: JobID, _ file: URL) async throws -> Transcript? {
        try await withThrowingTaskGroup(of: Transcript?.self) { group in
            group.addTask { [state = self.state] in
                try await self.transcriber.transcribe(file.path, language: held.claim.language) { share in
                    state.progressed(job, share)
                }
            }
            group.addTask {
                await held.lost.wait()
                try Task.checkCancellation()
                return nil
            }
            group.addTask {
                try await self.reportProgress(of: job, attempt: held.claim.attempt)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Tells the server how far a job is, when it is further; the first time says that recognition has begun.
    private func reportProgress(of job: JobID, attempt: String?) async throws {
        var last = -1
        while true {
            if case .recognising(_, let share) = self.state.snapshot.held.first(where: { $0.claim.jobID == job })?.stage
            {
                let percent = Int(share * 100)
                if percent > last {
                    do {
                        try await self.server.progress(job, percent, attempt)
                        last = percent
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        self.logger.debug("progress was not taken", metadata: ["error": "\(error)"])
                    }
                }
            }
            try await self.clock.sleep(for: self.settings.progressInterval)
        }
    }

    /// Puts the result on disk before anything else; while the disk is full it is tried again.
    private func keep(_ transcript: Transcript, of held: NodeState.Held) async throws {
        guard let job = held.claim.jobID else { return }
        let title = held.claim.episodeTitle ?? "Job \(job)"
        let entry = Spool.Entry(
            job: job, attempt: held.claim.attempt, title: title,
            request: CompleteRequest(
                transcriptText: try TranscriptFormat.md.render(transcript, header: TranscriptHeader(title: title)),
                whisperModel: self.transcriber.model, transcript: transcript))
        while true {
            do {
                try self.spool.add(entry, at: self.now())
                break
            } catch {
                self.logger.error("result cannot be kept on disk yet", metadata: ["error": "\(error)"])
                try await self.clock.sleep(for: .seconds(10))
            }
        }
        self.state.finished(job, at: self.now())
        self.logger.info("job recognised", metadata: ["job.id": "\(job)", "episode": "\(title)"])
    }

    // MARK: Handing in

    /// Sends what is in the spool, as often as it takes.
    func handIn() async throws {
        var pause = 1.0
        while true {
            let isDone = await self.sendResults(limit: nil)
            try Task.checkCancellation()
            if isDone {
                pause = 1
                try await self.state.resultReady.wait(upTo: .seconds(60), self.clock)
            } else {
                // With jitter, so that a fleet does not come back in step when its server does.
                try await self.clock.sleep(for: .seconds(pause * Double.random(in: 0.8...1.2)))
                pause = min(60, pause * 2)
            }
        }
    }

    /// Sends every result once.
    ///
    /// - Parameter limit: Longest time for all of it; nil waits as long as each call does.
    /// - Returns: Whether nothing is left.
    func sendResults(limit: Duration?) async -> Bool {
        let started = self.clock.now
        for (file, entry) in self.spool.entries() {
            if let limit, started.duration(to: self.clock.now) > limit { return false }
            var metadata: Logger.Metadata = ["job.id": "\(entry.job)", "episode": "\(entry.title)"]
            do {
                try await self.server.complete(entry.job, entry.request, entry.attempt)
                self.spool.remove(file)
                self.state.handedIn(entry.job)
                self.state.answered(at: self.now())
                self.logger.info("result handed in", metadata: metadata)
            } catch let error as CastError where Self.isFinal(error) {
                // The server's last word. Kept aside for a person, because it may be the only copy.
                self.spool.putAside(file)
                self.state.handedIn(entry.job)
                metadata["error"] = "\(error.message)"
                self.logger.error("result was refused, and is kept in the spool's folder refused", metadata: metadata)
            } catch {
                metadata["error"] = "\(error)"
                self.logger.warning("result was not taken yet", metadata: metadata)
                return false
            }
        }
        return true
    }

    private static func isFinal(_ error: CastError) -> Bool {
        switch error.code {
        case .forbidden, .notFound, .conflict, .gone, .invalid, .tooLarge: true
        case .unauthorized, .limitReached, .unavailable, .timedOut, .unreadableMedia, .engineFailed, .storageFull,
            .internalFault:
            false
        }
    }
}
