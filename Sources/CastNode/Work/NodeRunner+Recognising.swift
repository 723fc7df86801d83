import CastAPI
import CastClient
import CastCore
import Foundation
import Logging
import Synchronization
import Transcription

extension NodeRunner {
    /// Recognises every job whose audio is here, side by side: the recogniser fills its batches from all of them, and
    /// serves the oldest first.
    func recogniseAll() async {
        await withDiscardingTaskGroup { recognitions in
            while !Task.isCancelled {
                let now = self.uptime.now
                guard let (job, file) = self.state.withLock({ $0.nextToRecognise(at: now) }) else {
                    await self.audioBell.wait()
                    continue
                }
                // Its place in the queue is free.
                self.talkBell.ring()
                recognitions.addTask {
                    if let transcript = await self.recognise(job, file) { self.keep(transcript, of: job) }
                    try? FileManager.default.removeItem(at: file)
                    // Its place is free now, and not before.
                    self.noteHeld()
                    self.talkBell.ring()
                }
            }
        }
    }

    /// - Returns: Nil when nothing came of it; the rest is then done.
    private func recognise(_ job: NodeState.HeldJob, _ file: URL) async -> Transcript? {
        let begun = self.uptime.now
        do {
            let transcript = try await self.transcribe(job, file)
            let now = self.uptime.now
            let isWanted = self.state.withLock { $0.ended(job.handle, .succeeded, at: now) }
            self.logger.info(
                "job recognised",
                metadata: [
                    "job.id": "\(job.handle.job)", "seconds": "\((now - begun).components.seconds)",
                    "audio.seconds": "\(Int(transcript.duration ?? 0))", "sentences": "\(transcript.sentences.count)",
                ])
            return isWanted ? transcript : nil
        } catch {
            // Lost to another, or we stop: then the job is handed back with the rest.
            guard !Task.isCancelled, self.state.withLock({ $0.holds(job.handle) && !$0.isStopping }) else { return nil }
            // The file has a name of ours here; people know the episode.
            let message = ((error as? CastError)?.message ?? "\(error)")
                .replacing(file.lastPathComponent, with: "“\(job.title ?? "the audio")”")
            switch (error as? CastError)?.code {
            case .unreadableMedia:
                self.checkpoints.remove(job.handle.job)
                self.report(job, "Transcription failed: \(message)", retry: false, .audioUnusable)
            case .invalid:
                // For example a language that this model does not know; another node's may.
                self.report(job, "Transcription failed: \(message)", retry: true, .audioUnusable)
            default:
                self.report(job, "Transcription failed: \(message)", retry: true, .failed)
            }
            return nil
        }
    }

    private func transcribe(_ job: NodeState.HeldJob, _ file: URL) async throws -> Transcript {
        let bell = Bell()
        return try await withThrowingTaskGroup(of: Transcript?.self) { group in
            group.addTask {
                try await self.cancellable(job.handle) {
                    try await self.transcriber.transcribe(
                        file.path, language: job.language, duration: job.duration,
                        checkpoint: self.checkpoints.file(of: job.handle.job)
                    ) { share in
                        let now = self.uptime.now
                        self.state.withLock { $0.progressed(job.handle, share: share, at: now) }
                        bell.ring()
                        // There may be less in hand now than keeps the recogniser busy.
                        self.talkBell.ring()
                    }
                }
            }
            group.addTask {
                await self.reportProgress(of: job.handle, bell)
                return nil
            }
            defer { group.cancelAll() }
            for try await transcript in group {
                if let transcript { return transcript }
            }
            throw CancellationError()
        }
    }

    /// Tells the server how far a job is: when it got on by a percent, and not more often than every few seconds.
    ///
    /// Only of the oldest one: a younger one that filled up a batch waits for it from there on, perhaps for long, and a
    /// job that has begun and then stands still looks as if its node hung.
    private func reportProgress(of handle: JobHandle, _ bell: Bell) async {
        var told = 0
        while !Task.isCancelled {
            await bell.wait()
            let percent = self.state.withLock { state in
                state.recognising.flatMap { $0.job.handle == handle ? Int($0.share * 100) : nil } ?? 0
            }
            guard percent > told else { continue }
            do {
                try await self.api.progress(handle, percent)
                told = percent
                self.noteAnswer()
            } catch {
                // The next one tells more anyway, and the heartbeat tells whether the job is still ours.
                self.logger.debug("progress not told", metadata: ["job.id": "\(handle.job)", "error": "\(error)"])
            }
            do { try await self.clock.sleep(for: self.settings.progressInterval) } catch { return }
            // What rose meanwhile.
            bell.ring()
        }
    }

    /// Puts a result on disk and into the outbox.
    private func keep(_ transcript: Transcript, of job: NodeState.HeldJob) {
        let title = job.title ?? "Episode"
        let text = (try? TranscriptFormat.md.render(transcript, header: TranscriptHeader(title: title))) ?? ""
        let result = SpooledResult(
            handle: job.handle, title: job.title,
            request: CompleteRequest(
                transcriptText: text, whisperModel: self.transcriber.model, transcript: transcript),
            finishedAt: Date())
        let isOnDisk = self.save(result)
        let now = self.uptime.now
        self.outbox.withLock { $0.add(job.handle, .result(result, isOnDisk: isOnDisk), at: now) }
        self.outboxBell.ring()
    }

    /// - Returns: False when the disk does not take it; the result then stays in memory, and it is tried again.
    func save(_ result: SpooledResult) -> Bool {
        do {
            try self.spool.save(result)
            self.checkpoints.remove(result.handle.job)
            return true
        } catch {
            self.logger.error(
                "result cannot be saved, kept in memory",
                metadata: ["job.id": "\(result.handle.job)", "error": "\(error)"])
            return false
        }
    }
}
