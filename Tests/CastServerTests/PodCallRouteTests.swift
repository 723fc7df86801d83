import CastAPI
import CastCore
import CastServer
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import PodFleet
import Testing

/// What pods ask of their server, and what it gives them.
struct PodCallRouteTests {
    private func headers(_ token: String, _ type: String = "application/json") -> HTTPFields {
        var headers: HTTPFields = [.contentType: type]
        if let name = HTTPField.Name("X-Setup-Token") { headers[name] = token }
        return headers
    }

    @Test func `what a pod says is kept, without what moves a cursor, and shown when it is gone`() async throws {
        try await ServerFixture.run(ScriptedPods()) { server in
            let instance = try await server.buyPod()
            let token = try #require(try await server.pod(instance)).setupToken
            let path = "/api/runpod/pods/\(instance)/logs"
            let plain = try await server.client.execute(
                uri: path + "?source=node", method: .post, headers: self.headers(token, "text/plain"),
                body: ByteBuffer(string: "one\n\u{1B}[31mtwo\u{1B}[0m\u{7}\n\nthree\n"))
            #expect(plain.status == .ok)
            let json = try await server.client.execute(
                uri: path, method: .post, headers: self.headers(token),
                body: ByteBuffer(string: #"{"source": "setup", "lines": ["four"]}"#))
            #expect(json.status == .ok)
            _ = try await #require(server.parts.fleet).stop(pod: instance.text)
            await server.parts.fleet?.turn()
            let answer = try await server.client.execute(uri: path + "?lines=3", method: .get)
            let log = try JSONDecoder().decode(PodLogResponse.self, from: Data(answer.body.readableBytesView))
            #expect(log.lines.map(\.text) == ["two", "three", "four"])
            #expect(log.lines.map(\.source) == ["node", "node", "setup"])
        }
    }

    @Test(arguments: ["logs", "request-termination"])
    func `a pod speaks with its token, and with no other`(call: String) async throws {
        try await ServerFixture.run(ScriptedPods()) { server in
            let instance = try await server.buyPod()
            let token = try #require(try await server.pod(instance)).setupToken
            let path = "/api/runpod/pods/\(instance)/\(call)"
            let body = ByteBuffer(string: #"{"lines": ["x"], "reason": "because"}"#)
            let without = try await server.client.execute(
                uri: path, method: .post, headers: [.contentType: "application/json"], body: body)
            #expect(without.status == .unauthorized)
            let wrong = try await server.client.execute(
                uri: path, method: .post, headers: self.headers(token + "x"), body: body)
            #expect([.unauthorized, .forbidden].contains(wrong.status))
            let other = try await server.client.execute(
                uri: "/api/runpod/pods/0000/\(call)", method: .post, headers: self.headers(token), body: body)
            #expect([.notFound, .unauthorized, .forbidden].contains(other.status))
            let silent = try await server.client.execute(uri: "/api/runpod/pods/\(instance)/logs", method: .get)
            #expect(silent.status == .notFound)
        }
    }

    @Test func `a pod that asks for its end is ended, with its reason`() async throws {
        try await ServerFixture.run(ScriptedPods()) { server in
            let instance = try await server.buyPod()
            let token = try #require(try await server.pod(instance)).setupToken
            let answer = try await server.client.execute(
                uri: "/api/runpod/pods/\(instance)/request-termination", method: .post, headers: self.headers(token),
                body: ByteBuffer(string: #"{"reason": "the worker hangs", "failed": true}"#))
            #expect(answer.status == .ok)
            await server.parts.fleet?.turn()
            let pod = try #require(try await server.pod(instance))
            #expect(pod.ending?.isFailure == true)
            #expect(pod.ending?.detail.contains("the worker hangs") == true, "\(pod)")
        }
    }

    @Test func `the program is handed out whole, in part, and with its digest`() async throws {
        try await ServerFixture.run { server in
            let path = "/api/nodes/worker/linux-x86_64"
            let facts = try await server.client.execute(uri: path + ".json", method: .get)
            let told = try JSONDecoder().decode(WorkerProgramResponse.self, from: Data(facts.body.readableBytesView))
            let name = try #require(HTTPField.Name("X-Content-SHA256"))
            var range: HTTPFields = [:]
            range[.range] = "bytes=0-3"
            let part = try await server.client.execute(uri: path, method: .get, headers: range)
            #expect(part.status == .partialContent)
            #expect(part.headers[name] == told.sha256)
            // What every program of this system begins with.
            #expect(Array(part.body.readableBytesView) == [0x7F, 0x45, 0x4C, 0x46])
            let own = try FileManager.default.attributesOfItem(atPath: CommandLine.arguments[0])[.size] as? Int
            #expect(told.size == own)
            var known: HTTPFields = [:]
            known[.ifNoneMatch] = part.headers[.eTag]
            let again = try await server.client.execute(uri: path, method: .get, headers: known)
            #expect(again.status == .notModified)
            let other = try await server.client.execute(uri: "/api/nodes/worker/amiga", method: .get)
            #expect(other.status == .notFound)
            #expect(String(buffer: other.body).contains("linux-x86_64"))
        }
    }
}
