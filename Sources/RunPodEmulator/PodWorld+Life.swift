import CastCore
import Foundation
import Logging

#if canImport(Glibc)
    import Glibc
#endif

extension PodWorld {
    /// A pod's life: pull, start, and start again whenever its main process ends, until somebody deletes it.
    func live(_ id: String) async {
        guard let pod = self.pods[id] else { return }
        pod.log.add("system", "create pod: image \(pod.body.image)")
        guard (try? await self.time.sleep(for: pod.pullTime)) != nil else { return }
        if pod.isPullLooping {
            await self.pullForEver(pod)
            return
        }
        pod.log.add("system", "image pulled")
        // As container runtimes do it: twice as long each time, and from the start again after a good run.
        let backoff = Backoff(first: .seconds(1), limit: .seconds(60))
        var failures = 0
        while !Task.isCancelled, let process = self.start(id) {
            let begun = self.time.elapsed
            if let started = process.started {
                let watch = self.meetFate(id)
                let status = await started.exit()
                await PodProcesses.end(podID: id)
                watch?.cancel()
                pod.log.add(
                    "system", status >= 0 ? "container exited with \(status)" : "container killed by \(-status)")
            }
            guard self.ended(id) else { return }
            failures = self.time.elapsed - begun > .seconds(60) ? 1 : failures + 1
            guard (try? await self.time.sleep(for: backoff.wait(after: failures, jitter: 0))) != nil else { return }
        }
    }

    private func pullForEver(_ pod: PodRecord) async {
        while self.pods[pod.id]?.state == .waiting {
            pod.log.add("system", "image pull: \(pod.body.image): pending")
            guard (try? await self.time.sleep(for: .seconds(15))) != nil else { return }
        }
    }

    /// Starts a pod's process.
    ///
    /// - Returns: Nil when the pod shall not run any more; without a process when it could not be started.
    private func start(_ id: String) -> (started: PodProcess?, Void)? {
        guard var pod = self.pods[id], pod.state == .waiting, !self.isClosed else { return nil }
        let now = self.time.elapsed
        pod.starts += 1
        pod.log.add("system", "start container")
        do {
            let process = try PodProcess(self.launch(pod), log: pod.log)
            pod.state = .up(since: now)
            pod.startedAt = now
            self.processes[id] = process
            self.pods[id] = pod
            return (process, ())
        } catch {
            pod.log.add("system", "\(error)")
            self.pods[id] = pod
            return (nil, ())
        }
    }

    /// Notes that the process is over.
    ///
    /// - Returns: Whether it shall be started again.
    private func ended(_ id: String) -> Bool {
        self.processes[id] = nil
        guard var pod = self.pods[id] else { return false }
        if pod.state.isUp {
            pod.state = .waiting
            self.pods[id] = pod
        }
        return pod.state == .waiting
    }

    /// What a pod's process is started with.
    private func launch(_ pod: PodRecord) -> PodProcess.Launch {
        let command = pod.body.entrypoint + pod.body.cmd
        return PodProcess.Launch(
            podID: pod.id,
            // Nobody knows here what the image itself would run.
            arguments: command.isEmpty ? ["sleep", "infinity"] : command,
            environment: PodVariables(
                pod, secrets: self.secrets[pod.account] ?? [], image: self.options.image.environment,
                base: self.address
            ).values, directory: pod.directory)
    }

    // MARK: Ends

    /// Ends a pod and its bill, and all of its processes before it returns.
    func terminate(_ id: String, _ caller: Caller) async throws {
        _ = try self.pod(id, caller)
        await self.remove(id)
    }

    /// Takes a pod away: the bill first, then the processes.
    func remove(_ id: String) async {
        guard var pod = self.pods[id], pod.state != .gone else { return }
        pod.meter.stop(at: self.time.elapsed)
        pod.state = .gone
        self.pods[id] = pod
        self.logger.info("pod is gone", metadata: ["pod": "\(id)", "name": "\(pod.body.name)"])
        let process = self.processes[id]
        let runner = self.runners.removeValue(forKey: id)
        runner?.cancel()
        process?.signal(SIGKILL)
        _ = await process?.exit()
        if await !PodProcesses.end(podID: id) {
            self.logger.error("processes of a pod outlive it", metadata: ["pod": "\(id)"])
        }
        self.processes[id] = nil
        pod.log.close()
        try? FileManager.default.removeItem(at: pod.directory)
    }

    /// `POST …/action`.
    func act(_ action: String, on id: String, _ caller: Caller) async throws -> PodRecord? {
        var pod = try self.pod(id, caller)
        let now = self.time.elapsed
        switch (action, pod.state) {
        case ("terminate", _):
            await self.remove(id)
            return nil
        case ("stop", .waiting), ("stop", .up):
            pod.meter.stop(at: now)
            pod.state = .stopped
            self.pods[id] = pod
            self.runners.removeValue(forKey: id)?.cancel()
            self.processes.removeValue(forKey: id)?.signal(SIGKILL)
            await PodProcesses.end(podID: id)
        case ("restart", .up):
            self.processes[id]?.signal(SIGKILL)
        case ("start", .stopped), ("start", .failed):
            pod.meter.start(at: now)
            pod.state = .waiting
            self.pods[id] = pod
            self.runners[id] = Task { await self.live(id) }
        default:
            throw Problem(status: 409, detail: "the action is not valid for the pod's status")
        }
        return self.pods[id]
    }

    // MARK: Fates

    /// Lets happen to a pod what a fault has in store for it, some time after its start.
    private func meetFate(_ id: String) -> Task<Void, Never>? {
        guard let fault = self.pods[id]?.fate else { return nil }
        return Task {
            guard (try? await self.time.sleep(for: .seconds(fault.seconds))) != nil else { return }
            await self.meet(fault, id)
        }
    }

    /// A fault that names a pod happens to it now.
    func decree(_ fault: Fault, for id: String) {
        Task { await self.meet(fault, id) }
    }

    private func meet(_ fault: Fault, _ id: String) async {
        guard var pod = self.pods[id], pod.state != .gone else { return }
        pod.fate = nil
        switch fault.kind {
        case .podDies:
            pod.state = .failed
            self.pods[id] = pod
            self.runners.removeValue(forKey: id)?.cancel()
            self.processes[id]?.signal(SIGKILL)
        case .podSilent:
            self.pods[id] = pod
            self.processes[id]?.signal(SIGSTOP)
        case .podVanishes:
            self.pods[id] = pod
            // Not from within the pod's own runner, which is waited for.
            await self.remove(id)
        case .noCapacity, .outOfMoney, .forbidden, .rateLimited, .serverErrorBefore, .serverErrorAfter,
            .dropConnectionAfterCreate, .slowPull, .pullLoop, .wrongGPU, .oldDriver, .listMissesPodOnce, .listFails,
            .htmlErrorPage, .terminateFails, .terminateMisses, .priceChange, .holdRequest, .holdAnswer:
            break
        }
    }

    /// An account without money loses its pods, as at RunPod.
    func settle(_ account: String) async {
        guard self.balance(account) <= .zero else { return }
        for id in self.order where self.pods[id]?.account == account && self.pods[id]?.state != .gone {
            await self.remove(id)
        }
    }
}
