import CastAPI
import CastClient
import CastCore
import CastNode
import Foundation
import Logging
import Synchronization
import Transcription

/// Our worker, whole: against a server in memory that hands out one job an episode.
enum WorkerWay {
    private struct Server: Sendable {
        var next = 0
        var done = 0
        var last = ContinuousClock.now
    }

    static func run(_ files: [URL], audio: Double, speed: Double) async throws -> SpeechBenchRow {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let engine = PacedEngine(speed: speed)
        let server = Mutex(Server())
        var settings = NodeSettings()
        settings.leave.requiredEmptyChecks = 1
        settings.pollInterval = .milliseconds(50)
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        let length = audio / Double(files.count)
        let api = NodeAPI(
            heartbeat: { _ in HeartbeatResponse(lostJobIDs: nil) },
            claim: {
                guard
                    let number = server.withLock({ server -> Int? in
                        guard server.next < files.count else { return nil }
                        defer { server.next += 1 }
                        return server.next
                    })
                else { return ClaimResponse() }
                return ClaimResponse(
                    jobID: JobID(Int64(number)), episodeTitle: "Episode \(number)", audioURL: "/\(number)",
                    attempt: "1", language: "en", audioDuration: length)
            },
            audio: { handle, _, part, onBytes in
                try FileManager.default.copyItem(at: files[Int(handle.job.rawValue)], to: part.destination)
                onBytes(1)
            },
            progress: { _, _ in },
            complete: { _, _ in
                server.withLock {
                    $0.done += 1
                    $0.last = .now
                }
            },
            fail: { _, request in throw CastError(.internalFault, request.errorMessage) },
            release: { _ in },
            requestTermination: { TerminationResponse(status: "ok", message: "", terminated: true) })
        OwnUse.resetPeak()
        let (processor, begun) = (OwnUse.processor, ContinuousClock.now)
        let runner = NodeRunner(
            api: api, transcriber: SpeechPipeline(model: "base", engine: engine), name: "bench",
            server: URL(fileURLWithPath: "/"), home: HomeFolder(path: home.path), settings: settings, logger: logger)
        try await runner.run()
        let (done, last) = server.withLock { ($0.done, $0.last) }
        guard done == files.count else {
            throw CastError(.internalFault, "\(done) of \(files.count) episodes were done.")
        }
        for report in runner.stages {
            Console.error(
                "  \(report.stage.rawValue): busy \(CutsReport.number(report.busySeconds, digits: 1)) s, "
                    + "waiting \(CutsReport.number(report.waitingSeconds, digits: 1)) s, \(report.items) items")
        }
        return SpeechBenchRow(
            audio: audio, took: begun.duration(to: last), engine: engine.account,
            processor: OwnUse.processor - processor, memory: OwnUse.peak())
    }
}
