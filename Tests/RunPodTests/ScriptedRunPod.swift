import CastCore
import CastTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

@testable import RunPod

/// A server on a free port of loopback that answers each request with the script's next step, and notes what it got.
struct ScriptedRunPod: Sendable {
    struct Step: Sendable {
        var status = 200
        var body = ""
        var headers: [String: String] = [:]
        /// Ends the connection instead of answering.
        var isDropped = false

        static func json(_ body: String, status: Int = 200, _ headers: [String: String] = [:]) -> Step {
            Step(status: status, body: body, headers: headers)
        }

        static func problem(_ status: Int, _ detail: String, _ headers: [String: String] = [:]) -> Step {
            Step(status: status, body: #"{"title":"T","status":\#(status),"detail":"\#(detail)"}"#, headers: headers)
        }

        static func page(_ status: Int) -> Step {
            Step(status: status, body: "<html><title>502 Bad gateway</title></html>")
        }

        static let dropped = Step(isDropped: true)
    }

    struct Seen: Sendable {
        var method: String
        var path: String
        var headers: HTTPFields
        var body: String
    }

    final class Record: Sendable {
        private let state: Mutex<(steps: [Step], seen: [Seen])>

        init(_ steps: [Step]) { self.state = Mutex((steps, [])) }

        var seen: [Seen] { self.state.withLock { $0.seen } }

        /// The last step answers all requests that are still to come.
        func next(_ seen: Seen) -> Step {
            self.state.withLock { state in
                state.seen.append(seen)
                return state.steps.count > 1 ? state.steps.removeFirst() : state.steps[0]
            }
        }
    }

    static let key = "rpa_TEST0123456789"

    let client: RunPodClient
    let record: Record
    let clock: ManualClock

    var provider: GPUProvider { self.client.provider }
    var seen: [Seen] { self.record.seen }

    /// - Parameter movesTime: Whether the waits between two tries pass at once.
    static func run(
        _ steps: Step..., movesTime: Bool = true, body: @escaping @Sendable (ScriptedRunPod) async throws -> Void
    ) async throws {
        let record = Record(steps)
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let router = Router(context: ChannelContext.self)
        router.middlewares.add(Answering(record: record))
        var logger = Logger(label: "test.runpod")
        logger.logLevel = .critical
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in found.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            let clock = ManualClock()
            let start = Date(timeIntervalSince1970: 1_800_000_000)
            let settings = try RunPodSettings(key: Self.key, base: "http://127.0.0.1:\(port)/")
            let client = RunPodClient(
                settings, clock: clock, now: { start.addingTimeInterval(clock.now.offset / .seconds(1)) },
                logger: logger)
            if movesTime {
                group.addTask {
                    while !Task.isCancelled {
                        await clock.waitForSleepers()
                        clock.advance(by: .seconds(1))
                        await Task.yield()
                    }
                }
            }
            do {
                try await body(ScriptedRunPod(client: client, record: record, clock: clock))
            } catch {
                await client.close()
                group.cancelAll()
                throw error
            }
            await client.close()
            group.cancelAll()
        }
    }
}

struct ChannelContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.channel = source.channel
    }
}

private struct Answering: RouterMiddleware {
    let record: ScriptedRunPod.Record

    func handle(
        _ request: Request, context: ChannelContext, next: (Request, ChannelContext) async throws -> Response
    ) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        let step = self.record.next(
            .init(
                method: request.method.rawValue, path: request.head.path ?? "", headers: request.headers,
                body: String(buffer: body)))
        if step.isDropped {
            try await context.channel.close()
            throw CancellationError()
        }
        var headers = HTTPFields()
        for (name, value) in step.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(
            status: .init(code: step.status), headers: headers,
            body: step.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: step.body)))
    }
}

/// A create's request that is right.
let smallRequest = PodRequest(
    name: "cast2md-afterburner-a3f2", image: "ghcr.io/example/afterburner:1", gpu: "NVIDIA RTX A5000",
    cloud: .community,
    ports: ["22/tcp"], environment: ["INSTANCE_ID": "a3f2"], entrypoint: ["/bin/sh", "-c"], command: ["boot"],
    minimumCUDA: CUDAVersion(major: 12, minor: 8))

let smallPod = #"{"id":"k3v9","name":"cast2md-afterburner-a3f2","status":"RUNNING","cost":0.27}"#

/// What a call fails with; nil when it succeeds.
func failure<Value>(_ body: () async throws(ProviderFailure) -> Value) async -> ProviderFailure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
