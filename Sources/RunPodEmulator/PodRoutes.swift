import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

extension EmulatorResponder {
    func create(_ call: Call) async throws -> Response {
        try? await self.world.time.sleep(for: self.world.options.createTime)
        switch try await self.world.create(CreateBody(body: call.body), account: call.caller.account) {
        case .pod(let pod): return Self.json(pod.json(at: self.world.time), status: 201)
        case .spoilt(let error): throw error
        }
    }

    func list(_ call: Call) async throws -> Response {
        let pods = await self.world.list(call.caller.account).map { $0.json(at: self.world.time) }
        guard self.world.options.hasPagination else { return Self.json(.object(["pods": .array(pods)])) }
        let limit = call.query["limit"].flatMap { Int($0) } ?? self.world.options.pageSize
        guard (1...1000).contains(limit) else { throw Problem.invalid(["limit must be between 1 and 1000"]) }
        var start = 0
        if let cursor = call.query["cursor"] {
            guard cursor.hasPrefix("page-"), let number = Int(cursor.dropFirst(5)), number >= 0 else {
                throw Problem.invalid(["cursor is not one of ours"])
            }
            start = number
        }
        let size = min(limit, self.world.options.pageSize)
        let hasMore = start + size < pods.count
        return Self.json(
            .object([
                "pods": .array(Array(pods.dropFirst(start).prefix(size))),
                "pagination": .object([
                    "nextCursor": hasMore ? .string("page-\(start + size)") : .null, "hasNextPage": .bool(hasMore),
                ]),
            ]))
    }

    func pod(_ id: String, _ call: Call) async throws -> Response {
        guard call.request.method == .delete else {
            return Self.json(try await self.world.pod(id, call.caller).json(at: self.world.time))
        }
        try await self.world.terminate(id, call.caller)
        return Response(status: .noContent)
    }

    func act(_ id: String, _ call: Call) async throws -> Response {
        var reader = try StrictReader(body: call.body)
        let action = reader.choice("action", of: ["start", "stop", "restart", "terminate"])
        if action == nil, reader.faults.isEmpty { reader.note("action is required") }
        try reader.check()
        guard let pod = try await self.world.act(action ?? "", on: id, call.caller) else {
            return Response(status: .noContent)
        }
        return Self.json(pod.json(at: self.world.time))
    }

    /// The log as a stream that stays open.
    func logs(_ id: String, _ call: Call) async throws -> Response {
        let pod = try await self.world.pod(id, call.caller)
        let tail = call.query["tail"].flatMap { Int($0) } ?? 100
        let source = call.query["source"]
        guard (0...5000).contains(tail), source.map({ ["container", "system"].contains($0) }) ?? true else {
            throw Problem.invalid(["tail must be between 0 and 5000, source container or system"])
        }
        let last = HTTPField.Name("Last-Event-ID").flatMap { call.request.headers[$0] }
        let (past, future) = pod.log.lines(source: source, tail: tail, after: last)
        let request = call.request
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await writer.write(ByteBuffer(string: ": \(past.count) lines\n\n"))
                    for line in past { try await writer.write(ByteBuffer(string: line.event)) }
                    for await line in future.cancelOnGracefulShutdown() where source == nil || line.source == source {
                        try await writer.write(ByteBuffer(string: line.event))
                    }
                }
                try await writer.finish(nil)
            })
    }
}

extension PodLog.Line {
    var event: String {
        let data = JSONValue.object([
            "ts": .string(self.time.formatted(.iso8601)), "source": .string(self.source), "line": .string(self.text),
        ])
        let json = (try? JSONEncoder().encode(data)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        return "id: \(self.id)\ndata: \(json)\n\n"
    }
}

extension PodRecord {
    var status: String {
        switch self.state {
        // As measured: RUNNING from the first answer on, long before the container has started.
        case .waiting, .up: "RUNNING"
        case .stopped: "EXITED"
        case .failed: "ERROR"
        case .gone: "TERMINATED"
        }
    }

    private var actions: [String] {
        switch self.state {
        case .waiting, .up: ["stop", "restart", "terminate"]
        case .stopped, .failed: ["start", "terminate"]
        case .gone: []
        }
    }

    /// The pod as REST v2 shows it.
    func json(at time: EmulatorTime) -> JSONValue {
        let runtime = self.runtime(at: time.elapsed).map { uptime -> JSONValue in
            .object([
                "uptime": .int(uptime.components.seconds),
                "gpus": .array([.object(["util": .int(0), "memoryUtil": .int(0)])]),
                "cpu": .object(["util": .int(3)]), "memory": .object(["util": .int(2)]), "ports": .array([]),
            ])
        }
        let host = "\(self.id)-64410000"
        return .object([
            "id": .string(self.id), "name": .string(self.body.name), "status": .string(self.status),
            "actions": .array(self.actions.map(JSONValue.string)), "image": .string(self.body.image),
            "args": .string(self.body.args), "entrypoint": .array(self.body.entrypoint.map(JSONValue.string)),
            "cmd": .array(self.body.cmd.map(JSONValue.string)), "disk": .int(Int64(self.body.disk)),
            "ports": .array(self.body.ports.map(JSONValue.string)), "mounts": .object([:]), "registry": .null,
            "env": .object(self.body.env.mapValues(JSONValue.string)),
            "gpu": .object([
                "id": .string(self.gpu.id), "count": .int(1), "vcpuCount": .int(9), "memory": .int(50),
            ]),
            "cloud": .string(self.body.cloud.wireName), "dataCenterId": .string(self.dataCentre),
            "cudaVersion": .string(self.hostCUDA.description), "template": .null, "cost": .double(self.price.dollars),
            "locked": .bool(false),
            "ssh": .object([
                "proxy": .object([
                    "host": .string("ssh.runpod.io"), "port": .int(22), "username": .string(host),
                    "command": .string("ssh \(host)@ssh.runpod.io"),
                ]), "direct": .null,
            ]),
            "globalNetworking": .object(["enabled": .bool(false)]),
            "createdAt": .string(time.date(self.createdAt).formatted(.iso8601)),
            "startedAt": self.startedAt.map { .string(time.date($0).formatted(.iso8601)) } ?? .null,
            "runtime": runtime ?? .null,
        ])
    }
}
