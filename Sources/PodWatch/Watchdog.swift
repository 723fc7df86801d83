package import CastCore
import CastNode
package import Foundation
package import Logging

/// Looks at the pod every few seconds, and ends it when there is a reason.
package struct Watchdog: Sendable {
    let state: PodState
    let home: HomeFolder
    let settings: WatchPolicy.Settings
    let interval: Duration
    let end: PodEnd
    let clock: any Clock<Duration>
    let now: @Sendable () -> Date
    let logger: Logger

    package init(
        _ state: PodState, home: HomeFolder, settings: WatchPolicy.Settings, interval: Duration, end: PodEnd,
        clock: some Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() },
        logger: Logger
    ) {
        self.state = state
        self.home = home
        self.settings = settings
        self.interval = interval
        self.end = end
        self.clock = clock
        self.now = now
        self.logger = logger
    }

    /// Watches until the pod is gone, and this process with it.
    package func run() async throws {
        let uptime = Uptime(self.clock)
        let since = self.state.setupSince(self.now())
        var policy = WatchPolicy(
            self.settings, alreadySettingUp: .seconds(self.now().timeIntervalSince(since)), at: uptime.now,
            date: self.now())
        var sight = WorkerSight()
        var hasToldOfTrouble = false
        self.logger.info(
            "watchdog watches",
            metadata: [
                "leave.at": "\(self.settings.leaveAt.formatted(.iso8601))", "state": "\(self.state.folder.path)",
                "home": "\(self.home.path)", "persistent": "\(self.settings.isPersistent)",
            ])
        while true {
            let look = self.look(&sight)
            let hadWorker = policy.hasSeenWorker
            policy.note(look, at: uptime.now)
            if policy.hasSeenWorker, !hadWorker {
                self.logger.info("worker is there", metadata: ["pid": "\(look.worker ?? 0)"])
                self.state.endSetup()
            }
            if let reason = policy.reason(at: uptime.now, date: self.now()) {
                self.state.begin(ending: reason.description)
                try await self.end.run(because: reason.description, isFailure: reason.isFailure)
            }
            let heldBack = policy.heldBack(at: uptime.now)
            if let heldBack, !hasToldOfTrouble {
                self.logger.warning(
                    "pod is persistent and stays, for a person to look", metadata: ["reason": "\(heldBack)"])
            }
            hasToldOfTrouble = heldBack != nil
            try await self.clock.sleep(for: self.interval)
        }
    }

    /// What there is to see of the pod now.
    func look(_ sight: inout WorkerSight) -> WatchPolicy.Look {
        let pulse = PulseFile.load(from: self.home)
        return WatchPolicy.Look(
            phase: self.state.phase, worker: sight.look(named: self.state.namedWorker, pulse: pulse), pulse: pulse,
            ending: self.state.ending)
    }
}

/// Reads a worker's pulse.
enum PulseFile {
    /// Nil when there is none, or none that can be read: it is written anew in a moment.
    static func load(from home: HomeFolder) -> Pulse? {
        FileManager.default.contents(atPath: home.pulsePath).flatMap { try? JSONDecoder().decode(Pulse.self, from: $0) }
    }
}
