import CastAPI
import CastClient
import CastCore
import CastNode
import CastTestSupport
import Foundation
import Logging
import Testing

@Suite struct NodeCredentialsTests {
    private func credentials() throws -> NodeCredentials {
        NodeCredentials(
            server: try #require(URL(string: "http://server:8000")), nodeID: NodeID("id"), key: "hush-hush",
            name: "tester", model: "base")
    }

    @Test func `only their owner can read them, whatever the mask`() async throws {
        try await withTemporaryFolder { folder in
            let home = HomeFolder(path: folder.appendingPathComponent("new/home").path)
            try self.credentials().save(to: home)
            let attributes = try FileManager.default.attributesOfItem(atPath: home.nodeFile.path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(try NodeCredentials.load(from: home) == self.credentials())
            // An earlier file with other permissions does not lend them to the new one.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: home.nodeFile.path)
            try self.credentials().save(to: home)
            let again = try FileManager.default.attributesOfItem(atPath: home.nodeFile.path)
            #expect((again[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["node.json"])
        }
    }

    @Test func `none, damaged and removed are told apart`() async throws {
        try await withTemporaryFolder { folder in
            let home = HomeFolder(path: folder.path)
            #expect(try NodeCredentials.load(from: home) == nil)
            try Data("{".utf8).write(to: home.nodeFile)
            let error = #expect(throws: CastError.self) { try NodeCredentials.load(from: home) }
            #expect(error?.message.contains(home.nodeFile.path) == true)
            try NodeCredentials.remove(from: home)
            try NodeCredentials.remove(from: home)
            #expect(try NodeCredentials.load(from: home) == nil)
        }
    }

    @Test func `the key is in no description`() throws {
        let credentials = try self.credentials()
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("hush"), "\(text)")
        }
    }

    @Test func `one home has one node`() async throws {
        try await withTemporaryFolder { folder in
            let home = HomeFolder(path: folder.path)
            let lock = try HomeLock(home)
            let error = withExtendedLifetime(lock) { #expect(throws: CastError.self) { try HomeLock(home) } }
            #expect(error?.code == .conflict)
        }
    }

    @Test func `each server has a spool of its own`() throws {
        let home = HomeFolder(path: "/home")
        let urls = ["http://a:8000", "http://a:8001", "https://a:8000", "http://a/8000", "http://b:8000"]
        let folders = try urls.map { home.spoolFolder(for: try #require(URL(string: $0))).path }
        #expect(Set(folders).count == urls.count)
        #expect(folders.allSatisfy { $0.hasPrefix("/home/spool/") && !$0.contains("..") })
        #expect(folders[0] == home.spoolFolder(for: try #require(URL(string: "http://a:8000"))).path)
    }
}

@Suite struct SpoolTests {
    private static func result(_ job: Int64, attempt: String? = "a", age: TimeInterval = 0) -> SpooledResult {
        SpooledResult(
            handle: JobHandle(job: JobID(job), attempt: attempt), title: "T",
            request: CompleteRequest(transcriptText: "text \(job)", whisperModel: "base"),
            finishedAt: Date(timeIntervalSinceReferenceDate: 800_000_000 - age))
    }

    private static func spool(_ folder: URL) -> Spool {
        var logger = Logger(label: "test.spool")
        logger.logLevel = .critical
        return Spool(folder: folder, logger: logger)
    }

    @Test func `what was saved is there after a restart, oldest first`() async throws {
        try await withTemporaryFolder { folder in
            let results = [Self.result(1, age: 10), Self.result(2, attempt: nil, age: 30), Self.result(3, age: 20)]
            for result in results { try Self.spool(folder).save(result) }
            #expect(try Self.spool(folder).load() == [results[1], results[2], results[0]])
            Self.spool(folder).remove(results[1])
            #expect(try Self.spool(folder).load() == [results[2], results[0]])
        }
    }

    @Test func `a write that was cut off and a damaged file stop nothing, and are not lost in silence`() async throws {
        try await withTemporaryFolder { folder in
            let spool = Self.spool(folder)
            try spool.save(Self.result(1))
            try Data("{\"half".utf8).write(to: folder.appendingPathComponent(".2-a.json.123.tmp"))
            try Data("{\"half".utf8).write(to: folder.appendingPathComponent("3-a.json"))
            #expect(try spool.load() == [Self.result(1)])
            #expect(try Self.names(folder) == ["1-a.json", "refused"])
            #expect(try Self.names(folder.appendingPathComponent("refused")) == ["unreadable-3-a.json"])
        }
    }

    @Test func `a server cannot choose where a result is kept`() async throws {
        try await withTemporaryFolder { folder in
            let spool = Self.spool(folder.appendingPathComponent("spool"))
            try spool.save(Self.result(1, attempt: "../../etc/passwd"))
            #expect(try Self.names(folder.appendingPathComponent("spool")) == ["1-etcpasswd.json", "refused"])
            #expect(try spool.load().first?.handle.attempt == "../../etc/passwd")
        }
    }

    @Test func `a hundred refusals are kept`() async throws {
        try await withTemporaryFolder { folder in
            let spool = Self.spool(folder)
            for job in 1...103 { try spool.setAside(Self.result(Int64(job)), refusal: "no") }
            #expect(try Self.names(folder.appendingPathComponent("refused")).count == 100)
            #expect(try spool.load().isEmpty)
        }
    }

    @Test func `refusals older than thirty days go`() async throws {
        try await withTemporaryFolder { folder in
            let spool = Self.spool(folder)
            try spool.setAside(Self.result(1), refusal: "no")
            try spool.setAside(Self.result(2), refusal: "no")
            try FileManager.default.setAttributes(
                [.modificationDate: Date().addingTimeInterval(-31 * 86_400)],
                ofItemAtPath: folder.appendingPathComponent("refused/1-a.json").path)
            _ = try spool.load()
            #expect(try Self.names(folder.appendingPathComponent("refused")) == ["2-a.json"])
        }
    }

    private static func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }
}
