import CastCore
import CastTestSupport
import Foundation
import Testing

@testable import RunPodEmulator

struct EmulatorValueTests {
    @Test(arguments: [
        ("", []), ("sleep 9", ["sleep", "9"]), ("  a   b ", ["a", "b"]),
        (#"bash -lc "one two" 'three "four"'"#, ["bash", "-lc", "one two", #"three "four""#]), (#"a"b c"d"#, ["ab cd"]),
        (#"x """#, ["x", ""]),
    ])
    func `a command is cut into words`(text: String, words: [String]) {
        #expect(CreateBody.words(text) == words)
    }

    @Test func `args are a command, or both parts as JSON`() {
        let both = CreateBody.command(args: #"{"entrypoint":["bash","-lc"],"cmd":["one two"]}"#)
        #expect(both.entrypoint == ["bash", "-lc"] && both.cmd == ["one two"])
        let plain = CreateBody.command(args: "sleep 9")
        #expect(plain.entrypoint == [] && plain.cmd == ["sleep", "9"])
    }

    @Test func `a meter counts the whole seconds of all its spans`() {
        var meter = Meter(price: Money(micros: 3_600_000), from: .seconds(10))
        meter.stop(at: .milliseconds(12_700))
        meter.stop(at: .seconds(99))
        meter.start(at: .seconds(20))
        meter.start(at: .seconds(21))
        #expect(meter.seconds(until: .seconds(5)) == 0)
        #expect(meter.seconds(until: .seconds(12)) == 2)
        #expect(meter.seconds(until: .milliseconds(20_300)) == 3)
        #expect(meter.cost(until: .seconds(30)) == Money(micros: 12_000))
        #expect(meter.isRunning)
    }

    @Test func `a fault is used up, one kind at a time`() {
        var board = FaultBoard()
        board.arm(Fault(.noCapacity, count: 2))
        board.arm(Fault(.forbidden))
        #expect(board.take(.noCapacity, .list) == nil)
        #expect(board.take(.noCapacity, .create) != nil && board.take(.noCapacity, .create) != nil)
        #expect(board.take(.noCapacity, .create) == nil)
        #expect(board.take(.forbidden, .create) != nil && board.take(.forbidden, .create) != nil)
        board.clear()
        #expect(board.take(.forbidden, .create) == nil)
    }

    @Test(arguments: [
        ("{{ RUNPOD_SECRET_a }}-{{RUNPOD_SECRET_b.c}}", "1-2"), ("{{ RUNPOD_SECRET_x }}", "{{ RUNPOD_SECRET_x }}"),
        ("{ RUNPOD_SECRET_a }", "{ RUNPOD_SECRET_a }"), ("{{ a }}", "{{ a }}"), ("", ""),
    ])
    func `secrets are put in where they are named`(text: String, expected: String) {
        let secrets = [
            PodWorld.Secret(id: "1", name: "a", value: "1", createdAt: .zero),
            PodWorld.Secret(id: "2", name: "b.c", value: "2", createdAt: .zero),
        ]
        #expect(PodVariables.substitute(text, secrets) == expected)
    }

    private static let mutation = """
        mutation Deploy($x: Int!) { podFindAndDeployOnDemand(input: { name: "a \\"b\\"", gpuCount: $x, cloudType: ALL,
          dataCenterId: null, startSsh: true, price: -0.5, env: [{ key: "K", value: "V" }, { key: "L", value: "" }] })
          { id alias: machine { podHostId } } }
        """

    @Test func `a query is read with names, values and variables`() throws {
        let document = try GraphQLDocument(Self.mutation, variables: ["x": .int(3)])
        #expect(document.isMutation)
        let field = try #require(document.fields.first)
        #expect(field.name == "podFindAndDeployOnDemand")
        #expect(
            field.arguments["input"]
                == .object([
                    "name": .string("a \"b\""), "gpuCount": .int(3), "cloudType": .string("ALL"), "dataCenterId": .null,
                    "startSsh": .bool(true), "price": .double(-0.5),
                    "env": .array([
                        .object(["key": .string("K"), "value": .string("V")]),
                        .object(["key": .string("L"), "value": .string("")]),
                    ]),
                ]))
        #expect(field.fields.map(\.alias) == ["id", "alias"] && field.fields.map(\.name) == ["id", "machine"])
    }

    @Test func `a query that ends anywhere is refused, and one that nests without end as well`() {
        for count in 0..<Self.mutation.trimmingCharacters(in: .whitespacesAndNewlines).count {
            #expect(throws: Problem.self) { try GraphQLDocument(String(Self.mutation.prefix(count))) }
        }
        for sign in ["{a", "{a(x:[", "{a(x:{b:"] {
            let deep =
                sign
                + String(
                    repeating: String(sign.last == "a" ? "{a" : sign.suffix(sign.hasSuffix("[") ? 1 : 3)), count: 5000)
            #expect(throws: Problem.self) { try GraphQLDocument(deep) }
        }
    }

    @Test func `time runs as fast as it is told`() async throws {
        let clock = ManualClock()
        let time = EmulatorTime(clock: clock, speed: 60, startingAt: Date(timeIntervalSince1970: 0))
        async let slept: Void = time.sleep(for: .seconds(120))
        await clock.waitForSleepers()
        clock.advance(by: .seconds(2))
        try await slept
        #expect(time.elapsed == .seconds(120) && time.now == Date(timeIntervalSince1970: 120))
    }

    @Test(arguments: [
        ("k", ["k": "k"]), ("a=x,b=y", ["a": "x", "b": "y"]), (" a = x , b ", ["a": "x", "b": "b"]),
    ])
    func `keys name their accounts`(text: String, accounts: [String: String]) throws {
        #expect(try EmulatorOptions.accounts(text) == accounts)
    }

    @Test(arguments: ["", ",", "=x", "a="])
    func `keys that name nothing are refused`(text: String) {
        #expect(throws: CastError.self) { try EmulatorOptions.accounts(text) }
    }

    @Test func `a log keeps its last lines, and tells those that listen`() async throws {
        try await withTemporaryFolder { folder in
            let log = PodLog(time: EmulatorTime(), file: folder.appendingPathComponent("log"))
            for number in 1...3 { log.add(number == 2 ? "system" : "container", "line \(number)") }
            let (past, future) = log.lines(source: "container", tail: 10, after: nil)
            #expect(past.map(\.text) == ["line 1", "line 3"])
            let after = log.lines(source: nil, tail: 0, after: past.first?.id).past
            #expect(after.map(\.text) == ["line 2", "line 3"])
            log.add("container", "line 4")
            log.close()
            log.add("container", "line 5")
            var heard: [String] = []
            for await line in future { heard.append(line.text) }
            #expect(heard == ["line 4"])
            let file = try String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)
            #expect(file.split(separator: "\n").count == 4)
        }
    }
}
