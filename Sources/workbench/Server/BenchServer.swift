import AsyncHTTPClient
import CastClient
import CastCore
import Foundation
import NIOCore
import NIOHTTP1

/// The real server on a data folder, for a measurement.
struct BenchServer: Sendable {
    var address: String
    var process: Int32
    var client: HTTPClient

    /// Starts the server on a data folder and stops it when the body has ended.
    ///
    /// - Parameter body: Gets the server, and how long it took from the start to the first healthy answer.
    static func run<Result: Sendable>(
        data: String, environment: [String: String?] = [:],
        _ body: @escaping @Sendable (BenchServer, Duration) async throws -> Result
    ) async throws -> Result {
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let port = try FreePort.find(from: 18_000)
        let program = ChildProgram(
            arguments: ["serve", "--port", "\(port)", "--data", data],
            environment: environment.merging(["ALLOW_PRIVATE_ADDRESSES": "true", "LOG_LEVEL": "warning"]) { given, _ in
                given
            })
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: configuration)
        do {
            let begun = ContinuousClock.now
            let result = try await program.whileRunning(log: data + "/server.log") {
                let address = "http://127.0.0.1:\(port)"
                let took = try await Self.untilHealthy(address, since: begun)
                guard let process = Self.process(of: data) else {
                    throw CastError(.unavailable, "The server's process is not found.")
                }
                return try await body(BenchServer(address: address, process: process, client: client), took)
            }
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// A connection a try: nothing is kept from one that was refused.
    private static func untilHealthy(_ address: String, since begun: ContinuousClock.Instant) async throws -> Duration {
        while begun.duration(to: .now) < .seconds(60) {
            if let answer = try? await HTTPClient.shared.execute(
                HTTPClientRequest(url: address + "/api/health"), timeout: .seconds(5)), answer.status.code == 200
            {
                return begun.duration(to: .now)
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw CastError(.timedOut, "The server is not healthy after a minute.")
    }

    private static func process(of data: String) -> Int32? {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.first { id in
            guard let line = try? Data(contentsOf: URL(filePath: "/proc/\(id)/cmdline")) else { return false }
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return words.count > 1 && words[1] == "serve" && words.contains(data)
        }
    }

    /// Bytes of memory: what it holds now, or the most since the mark was last reset.
    func memory(peak: Bool = false) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(self.process)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(peak ? "VmHWM:" : "VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// The peak is counted anew from now on.
    func resetPeak() { try? Data("5".utf8).write(to: URL(filePath: "/proc/\(self.process)/clear_refs")) }

    /// - Throws: For any status but 2xx.
    @discardableResult
    func send(
        _ method: String, _ path: String, key: String? = nil, json: String? = nil
    ) async throws -> ByteBuffer {
        var request = HTTPClientRequest(url: self.address + path)
        request.method = .RAW(value: method)
        if let key { request.headers.add(name: "X-Transcriber-Key", value: key) }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: json))
        }
        let answer = try await self.client.execute(request, timeout: .seconds(120))
        let body = try await answer.body.collect(upTo: 64 << 20)
        guard (200..<300).contains(answer.status.code) else {
            throw CastError(
                .unavailable, "\(method) \(path) answered \(answer.status.code): \(String(buffer: body).prefix(300))")
        }
        return body
    }
}

/// How long something took, many times.
struct Timings: Sendable {
    private(set) var seconds: [Double] = []

    mutating func add(_ duration: Duration) { self.seconds.append(duration / .seconds(1)) }

    mutating func add(_ other: Timings) { self.seconds += other.seconds }

    /// Milliseconds that so many percent of them stayed within.
    func percentile(_ percent: Double) -> Double {
        guard !self.seconds.isEmpty else { return 0 }
        let sorted = self.seconds.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * percent / 100))] * 1000
    }
}
