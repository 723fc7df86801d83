import CastClient
import CastCore
import CastNode
import CastTestSupport
import Foundation
import Logging
import Testing

/// A node against a scripted server, under a clock that stands still.
struct NodeFixture: Sendable {
    let server: ScriptedServer
    let transcriber: ScriptedTranscriber
    let clock: ManualClock
    let home: HomeFolder
    let runner: NodeRunner

    static let address = URL(string: "http://scripted.example:8000") ?? URL(fileURLWithPath: "/")

    /// Runs a node beside the body, and ends it afterwards if it still runs.
    ///
    /// - Parameter staying: Whether it is one that never leaves by itself; what most tests want.
    static func run(
        _ server: ScriptedServer, publishers: PublisherAudio? = nil,
        transcriber: ScriptedTranscriber = ScriptedTranscriber(), home: URL,
        staying: Bool = true, change: (inout NodeSettings) -> Void = { _ in },
        body: @escaping @Sendable (NodeFixture) async throws -> Void
    ) async throws {
        var settings = NodeSettings()
        settings.leave.isPersistent = staying
        change(&settings)
        var logger = Logger(label: "test.node")
        logger.logLevel = ProcessInfo.processInfo.environment["TEST_LOG"] == nil ? .critical : .debug
        let clock = ManualClock()
        let folder = HomeFolder(path: home.path)
        let runner = NodeRunner(
            api: server.api, publishers: publishers, transcriber: transcriber, name: "tester", server: Self.address,
            home: folder,
            settings: settings, logger: logger, clock: clock, jitter: { 0 })
        let fixture = NodeFixture(
            server: server, transcriber: transcriber, clock: clock, home: folder, runner: runner)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            do {
                try await body(fixture)
            } catch {
                group.cancelAll()
                throw error
            }
            runner.stop()
            // Its last calls have limits of their own, which only matter where a test lets them hang.
            #expect(await clock.advance { runner.ending != nil })
            group.cancelAll()
            do { try await group.waitForAll() } catch let error as CastError where error.code == .unauthorized {}
        }
    }

    /// Moves the clock until the server has seen something.
    func until(
        _ limit: Duration = .seconds(3600), _ condition: @escaping @Sendable (ScriptedServer.Record) -> Bool,
        _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let server = self.server
        let isMet = await self.clock.advance(upTo: limit) { condition(server.now) }
        #expect(isMet, comment, sourceLocation: sourceLocation)
    }

    /// Lets the other tasks go on, without any time passing, until something is true.
    func settles(
        _ condition: @escaping @Sendable () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        for _ in 0..<2000 {
            if condition() { return }
            try? await Task.sleep(for: .milliseconds(1))
        }
        #expect(condition(), sourceLocation: sourceLocation)
    }

    var spooled: [String] { self.names(self.home.spoolFolder(for: Self.address)).filter { $0.hasSuffix(".json") } }

    var refused: [String] { self.names(self.home.spoolFolder(for: Self.address).appendingPathComponent("refused")) }

    private func names(_ folder: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }
}
