import CastAPI
import CastClient
import CastCore
import Foundation
import Logging
import Synchronization
import Transcription

extension NodeRunner {
    /// Tells the server results and failures, each until it is taken or definitely not wanted.
    func handIn() async {
        while !Task.isCancelled {
            let now = self.uptime.now
            let (parcel, nextDue) = self.outbox.withLock { ($0.next(at: now), $0.nextDue) }
            if let parcel {
                await self.deliver(parcel)
            } else if let nextDue {
                await self.outboxBell.wait(upTo: nextDue - now, self.clock)
            } else {
                await self.outboxBell.wait()
            }
        }
    }

    /// One try.
    private func deliver(_ parcel: Outbox.Parcel) async {
        if case .result(let result, isOnDisk: false) = parcel.content, self.save(result) {
            self.outbox.withLock { $0.noteSaved(parcel.handle) }
        }
        do {
            try await self.send(parcel)
            self.noteAnswer()
            self.settle(parcel)
        } catch {
            // Cut off by the end: the farewell tries once more.
            if Task.isCancelled || error is CancellationError { return }
            switch Refusal(error) {
            case .definitive:
                self.noteAnswer()
                self.setAside(parcel, error)
            case .keyRefused, .later:
                if (error as? CastError)?.answeredStatus == nil { self.noteSilence(error) }
                self.postpone(parcel, error)
            }
        }
    }

    private func send(_ parcel: Outbox.Parcel) async throws {
        let begun = self.uptime.now
        defer { self.meter.add(.upload, busy: self.uptime.now - begun) }
        switch parcel.content {
        case .result(let result, _): try await self.api.complete(parcel.handle, result.request)
        case .failure(let request): try await self.api.fail(parcel.handle, request)
        }
    }

    private func settle(_ parcel: Outbox.Parcel) {
        if case .result(let result, _) = parcel.content {
            self.spool.remove(result)
            self.checkpoints.remove(result.handle.job)
            self.meter.add(.upload, items: 1, audio: result.request.transcript?.duration ?? 0)
            self.logger.info("result handed in", metadata: self.facts(parcel.handle, result.title))
        }
        self.forget(parcel)
    }

    private func setAside(_ parcel: Outbox.Parcel, _ error: any Error) {
        switch parcel.content {
        case .result(let result, _):
            do {
                try self.spool.setAside(result, refusal: "\(error)")
                self.logger.error(
                    "server does not want a result, set aside",
                    metadata: ["job.id": "\(parcel.handle.job)", "error": "\(error)"])
            } catch {
                // It stays where it is: on disk if it ever was, else in memory until there is space.
                self.postpone(parcel, error)
                return
            }
        case .failure:
            self.logger.warning(
                "server does not want a report", metadata: ["job.id": "\(parcel.handle.job)", "error": "\(error)"])
        }
        self.forget(parcel)
    }

    private func postpone(_ parcel: Outbox.Parcel, _ error: any Error) {
        let now = self.uptime.now
        let jitter = self.jitter()
        let isKept = self.outbox.withLock { $0.postpone(parcel.handle, jitter: jitter, at: now) }
        self.logger.debug(
            isKept ? "not handed in, later again" : "report given up",
            metadata: ["job.id": "\(parcel.handle.job)", "error": "\(error)"])
        if !isKept { self.forget(parcel) }
    }

    private func forget(_ parcel: Outbox.Parcel) {
        let now = self.uptime.now
        self.outbox.withLock { $0.remove(parcel.handle) }
        self.state.withLock { $0.settled(parcel.handle, at: now) }
        self.talkBell.ring()
        self.watchBell.ring()
    }

    // MARK: The end

    /// Hands back what is undone, and tries once to hand in what is done.
    ///
    /// Everything at once, each call within a few seconds: whoever stops us does not wait for long. What does not get
    /// through is not lost: results are on disk, and jobs go back to the queue when their lease ends.
    func sayFarewell(after ending: Ending) async {
        let undone = self.state.withLock { $0.jobs.filter { !$0.isUnsent } }
        let parcels = self.outbox.withLock { $0.parcels }
        if ending != .registrationRefused {
            await withDiscardingTaskGroup { group in
                for job in undone { group.addTask { await self.handBack(job) } }
                for parcel in parcels { group.addTask { await self.deliverLast(parcel) } }
            }
        }
        if case .left(let reason) = ending {
            self.logger.info("node leaves", metadata: ["reason": "\(reason)"])
            do {
                let answer = try await self.api.requestTermination()
                self.logger.info("termination requested", metadata: ["answer": "\(answer.status): \(answer.message)"])
            } catch {
                self.logger.warning("termination could not be requested", metadata: ["error": "\(error)"])
            }
        }
        let unsent = self.outbox.withLock { $0.parcels.count }
        if unsent > 0 {
            self.logger.warning("results wait on disk for the next start", metadata: ["count": "\(unsent)"])
        }
        try? FileManager.default.removeItem(at: self.audioFolder)
    }

    private func handBack(_ job: NodeState.HeldJob) async {
        do {
            try await withTimeLimit(Self.farewellLimit, clock: self.clock, self.server) {
                try await self.api.release(job.handle)
            }
            self.logger.info("job handed back", metadata: self.facts(job.handle, job.title))
        } catch {
            self.logger.warning(
                "job could not be handed back, its lease will end",
                metadata: ["job.id": "\(job.handle.job)", "error": "\(error)"])
        }
        let now = self.uptime.now
        self.state.withLock { $0.settled(job.handle, at: now) }
        self.noteHeld()
    }

    private func deliverLast(_ parcel: Outbox.Parcel) async {
        _ = try? await withTimeLimit(Self.farewellLimit * 2, clock: self.clock, self.server) {
            await self.deliver(parcel)
        }
    }
}
