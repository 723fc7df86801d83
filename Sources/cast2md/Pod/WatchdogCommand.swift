import ArgumentParser
import CastCore
import CastOperations
import Foundation
import Logging
import PodWatch

struct WatchdogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watchdog",
        abstract: "In a rented pod: watch over the worker, and end the pod when it is of no use any more.",
        discussion: """
            It ends the pod when its stay is over (CAST2MD_POD_LEAVE_AT, seconds since 1970), when the set-up does not \
            come to an end, when no worker is running, or when the worker hangs: it gets on with nothing and hears \
            nothing of its server for too long (--hang-limit). With NODE_PERSISTENT=1 a pod stays whatever \
            its worker does, so that a person can look at it; the end of the stay holds all the same.

            It asks the server (CAST2MD_SERVER or SERVER_URL, INSTANCE_ID, SETUP_TOKEN; through http_proxy), then \
            RunPod itself (RUNPOD_POD_ID, RUNPOD_API_KEY, RUNPOD_API_BASE_URL; never through a proxy), and again and \
            again until the pod, and it with it, is gone. It never gives up and never exits by itself.

            What the start script and it tell each other, in the folder CAST2MD_POD_STATE (default /run/cast2md-pod):

            phase: the start script's. Its first word is “ready” once the worker was started, “failed” when the set-up \
            failed, anything else while the set-up goes on. Written before the watchdog is started, also after a restart \
            of the container, and at every step.

            worker.pid: the start script's, the worker's process. Without it pulse.json says which it is.

            ending: why the pod is being ended, written by whoever begins that, here or in pod-end. It is final: a \
            start script that finds it starts nothing, and a watchdog that finds it ends the pod.

            setup-since, watchdog.pid, watchdog.lock: the watchdog's own.

            The worker's own sign of life is pulse.json in CAST2MD_HOME.
            """)

    @Option(help: ArgumentHelp("Seconds between two looks.", valueName: "seconds"))
    var interval = 5.0

    @Option(help: ArgumentHelp("How long the set-up may take, restarts included.", valueName: "seconds"))
    var setupLimit = 1800.0

    @Option(
        help: ArgumentHelp("How long there may be no worker, or nothing after a failed set-up.", valueName: "seconds"))
    var goneGrace = 120.0

    @Option(help: ArgumentHelp("How old the worker's pulse may get.", valueName: "seconds"))
    var pulseLimit = 600.0

    @Option(
        help: ArgumentHelp(
            "How long nothing may move and no answer of the server come in.",
            valueName: "seconds"))
    var hangLimit = 2400.0

    @Option(
        help: ArgumentHelp(
            "How long the server may take to end the pod before RunPod is asked as well.", valueName: "seconds"))
    var serverGrace = 150.0

    @Option(
        help: ArgumentHelp(
            "How long to wait when nobody took the wish to end the pod; twice as long each time, a minute at most.",
            valueName: "seconds"))
    var firstPause = 5.0

    @Option(help: ArgumentHelp("Where its log goes, besides standard error.", valueName: "file"))
    var log = "/tmp/cast2md-watchdog.log"

    func validate() throws {
        for (name, value) in [
            ("interval", self.interval), ("setup-limit", self.setupLimit), ("gone-grace", self.goneGrace),
            ("pulse-limit", self.pulseLimit), ("hang-limit", self.hangLimit), ("server-grace", self.serverGrace),
            ("first-pause", self.firstPause),
        ] where !(0.05...10_000_000).contains(value) {
            throw ValidationError("--\(name) must be from 0.05 to 10000000 seconds.")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let logger = PodLogger.make(environment, file: self.log)
        let state = PodState(environment: environment)
        let lock = try Self.lock(state, logger)
        defer { withExtendedLifetime(lock) {} }
        try? state.write("\(ProcessInfo.processInfo.processIdentifier)", to: "watchdog.pid")
        let ways = PodEnd.Ways(environment: environment, logger: logger)
        if ways.isEmpty {
            logger.error(
                "nothing here can end this pod: there is neither a server (CAST2MD_SERVER) nor RunPod's key (RUNPOD_API_KEY, RUNPOD_POD_ID)"
            )
        }
        var settings = WatchPolicy.Settings(leaveAt: Self.leaveAt(environment, logger))
        settings.setupLimit = .seconds(self.setupLimit)
        settings.goneGrace = .seconds(self.goneGrace)
        settings.pulseLimit = .seconds(self.pulseLimit)
        settings.hangLimit = .seconds(self.hangLimit)
        // A wrong value must not keep it from watching.
        settings.isPersistent = (try? Variables(environment).bool("NODE_PERSISTENT")) ?? false
        // A clock that stands still while the machine is asleep: then the worker slept as well.
        try await Watchdog(
            state, home: HomeFolder(environment: environment), settings: settings,
            interval: .seconds(self.interval),
            end: PodEnd(
                ways, serverGrace: .seconds(self.serverGrace), firstPause: .seconds(self.firstPause),
                clock: SuspendingClock(), logger: logger),
            clock: SuspendingClock(), logger: logger
        ).run()
    }

    /// The lock, or nil where it cannot be made: two watchdogs do no harm, and none would.
    private static func lock(_ state: PodState, _ logger: Logger) throws -> WatchLock? {
        do {
            return try WatchLock(state)
        } catch let error as CastError where error.code == .storageFull {
            logger.warning("watchdog watches without a lock", metadata: ["error": "\(error.message)"])
            return nil
        }
    }

    /// The end of the stay; a day from now where the variable does not say it.
    private static func leaveAt(_ environment: [String: String], _ logger: Logger) -> Date {
        let text = environment["CAST2MD_POD_LEAVE_AT"] ?? ""
        let latest = Date.now.timeIntervalSince1970 + Self.longestStay
        if let seconds = Double(text), seconds > 0, seconds <= latest { return Date(timeIntervalSince1970: seconds) }
        logger.warning(
            "CAST2MD_POD_LEAVE_AT is no time in seconds since 1970 within a month: the stay ends a day from now",
            metadata: ["value": "\(text)"])
        return Date() + 86_400
    }

    /// Longer than any stay that can be set: what is later is a mistake, and costs money.
    private static let longestStay = 31.0 * 86_400
}

/// The log of what runs in a pod beside the worker: to standard error, and to a file that can be read later.
enum PodLogger {
    static func make(_ environment: [String: String], file: String) -> Logger {
        let secrets = SecretText(environment: environment)
        // A wrong LOG_FORMAT must not keep a pod from being ended.
        let settings = (try? LogSettings(environment: environment)) ?? LogSettings()
        let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        return Logger(label: "cast2md.pod") { label in
            CastLogHandler(
                label: label, settings: settings, secrets: secrets,
                write: { line in
                    CastLogHandler.standardError(line)
                    guard descriptor >= 0 else { return }
                    let bytes = Array(line.utf8)
                    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                })
        }
    }
}
