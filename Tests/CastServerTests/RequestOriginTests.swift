import CastCore
import CastServer
import HTTPTypes
import Testing

@Suite struct RequestOriginTests {
    static func refusal(
        _ method: HTTPRequest.Method = .get, _ path: String = "/api/feeds", host: String?,
        _ headers: [String: String] = [:], environment: [String: String] = [:]
    ) throws -> CastError? {
        var request = HTTPRequest(method: method, scheme: "http", authority: host, path: path)
        for (name, value) in headers { request.headerFields[try #require(HTTPField.Name(name))] = value }
        return RequestOrigin(try ServerConfiguration(dataPath: "/nowhere", environment: environment))
            .refusal(of: request)
    }

    @Test(arguments: [HTTPRequest.Method.get, .post, .delete])
    func `a page that has its own name looked up as our address gets nothing`(method: HTTPRequest.Method) throws {
        let error = try #require(
            try Self.refusal(method, host: "evil.com:8000", ["Origin": "http://evil.com:8000"]))
        #expect(error.code == .forbidden)
        #expect(error.message.contains("ALLOWED_HOSTS"))
    }

    @Test(arguments: [
        nil, "", "127.0.0.1:8000", "10.1.2.3", "[::1]:8000", "[fe80::1]", "localhost", "LOCALHOST:8000", "localhost.",
        "server:8000", "box.tail1234.ts.net", "pods.example.org", "a.home.example:8443",
    ])
    func `an address, the own network's names and the listed ones are answered`(host: String?) throws {
        let environment = ["ALLOWED_HOSTS": "Pods.example.org, *.home.example"]
        #expect(try Self.refusal(host: host, environment: environment) == nil)
        #expect(try Self.refusal(.post, host: host, environment: environment) == nil)
    }

    @Test(arguments: [
        "127.0.0.1.evil.com", "localhost.evil.com", "ts.net.evil.com", "evilts.net", "home.example.evil.com",
        "x.org:port", "[evil]", "a@b.c", "evil.com:80:80",
    ])
    func `names that only look like ours are not`(host: String) throws {
        #expect(
            try Self.refusal(host: host, environment: ["ALLOWED_HOSTS": "*.home.example"])?.code == .forbidden)
    }

    @Test func `a node may call the server by any name, on its own routes only`() throws {
        let key = ["X-Transcriber-Key": "key"]
        for path in ["/api/nodes/n/heartbeat", "/api/nodes/n/claim", "/api/nodes/jobs/1/audio"] {
            #expect(try Self.refusal(.post, path, host: "podcasts.example.org", key) == nil)
            #expect(try Self.refusal(.post, path, host: "podcasts.example.org") != nil)
        }
        for path in ["/api/feeds", "/api/nodes", "/api/nodes/n", "/api/nodes/n/test", "/api/nodes/jobs/test", "/"] {
            #expect(try Self.refusal(.post, path, host: "podcasts.example.org", key) != nil)
        }
    }

    @Test(arguments: [
        ("localhost:8000", "http://localhost:8000", true), ("LocalHost", "http://localhost:80", true),
        ("pods.ts.net", "https://pods.ts.net", true), ("pods.ts.net:443", "HTTPS://PODS.ts.net", true),
        ("[::1]:8000", "http://[::1]:8000", true), ("[::1]:8000", "http://[::1]", false),
        ("localhost:8000", "http://localhost:9000", false), ("localhost", "http://evil.com", false),
        ("localhost", "null", false), ("localhost", "localhost", false),
    ])
    func `origin and host are compared by name and port`(host: String, origin: String, isSame: Bool) throws {
        #expect((try Self.refusal(.post, host: host, ["Origin": origin]) == nil) == isSame)
    }

    @Test(arguments: ["https://a.example", "a.example:80", "a b", "*"])
    func `a listed host that is no name is refused at start`(value: String) {
        #expect {
            _ = try ServerConfiguration(dataPath: "/nowhere", environment: ["ALLOWED_HOSTS": value])
        } throws: { ($0 as? CastError)?.message.contains("ALLOWED_HOSTS") == true }
    }
}
