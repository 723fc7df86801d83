import ArgumentParser
import CastCore
import Foundation
import Logging
import PodWatch

struct PodEndCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pod-end",
        abstract: "In a rented pod: end it now.",
        discussion: """
            Asks the server, then RunPod itself, as `cast2md watchdog` does, until somebody has taken the wish or --limit \
            has passed. The reason goes into the file “ending” of CAST2MD_POD_STATE: a watchdog that runs sees it within \
            seconds and goes on asking until the pod is gone, whatever becomes of this command. So a start script calls \
            it once and then waits, without an end, to be killed with the pod.

            Exit status 0: the server or RunPod will end the pod, or it is gone. 5: nobody took the wish in time.
            """)

    @Option(help: "Why, in a few words for people.")
    var reason: String

    @Flag(help: "Something went wrong; without it the pod leaves because it is done.")
    var failed = false

    @Option(help: ArgumentHelp("How long to try.", valueName: "seconds"))
    var limit = 120.0

    @Option(help: ArgumentHelp("Where its log goes, besides standard error.", valueName: "file"))
    var log = "/tmp/cast2md-watchdog.log"

    func validate() throws {
        guard (1...10_000_000).contains(self.limit) else {
            throw ValidationError("--limit must be from 1 to 10000000 seconds.")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let logger = PodLogger.make(environment, file: self.log)
        PodState(environment: environment).begin(ending: self.reason)
        let ways = PodEnd.Ways(environment: environment, logger: logger)
        guard !ways.isEmpty else {
            throw CastError(
                .invalid,
                "Nothing here can end this pod: there is neither a server (CAST2MD_SERVER) nor RunPod's key (RUNPOD_API_KEY, RUNPOD_POD_ID)."
            )
        }
        let (reason, failed) = (self.reason, self.failed)
        let isTaken = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await PodEnd(ways, logger: logger).run(because: reason, isFailure: failed) { $0.isAccepted }
                return true
            }
            group.addTask { [limit = self.limit] in
                try await Task.sleep(for: .seconds(limit))
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        guard isTaken else {
            throw CastError(
                .unavailable,
                "Neither the server nor RunPod took the wish to end this pod within \(Int(self.limit)) seconds.")
        }
    }
}
