import CastCore
import Testing

@Suite struct NodeSettingsTests {
    @Test func `without variables everything has the documented value`() throws {
        let settings = try NodeSettings(environment: [:])
        #expect(settings == NodeSettings())
        #expect(settings.leave.requiredEmptyChecks == 2)
        #expect(settings.leave.emptyQueueWait == .seconds(60))
        #expect(settings.leave.idleTimeout == .seconds(600))
        #expect(settings.leave.unreachableTimeout == .seconds(300))
        #expect(settings.leave.maxConsecutiveFailures == 3)
        #expect(!settings.leave.isPersistent)
        #expect(settings.prefetchSlots == 3)
        #expect(settings.heartbeatInterval == .seconds(30))
        #expect(settings.pollInterval == .seconds(5))
    }

    @Test func `every variable is read`() throws {
        let settings = try NodeSettings(environment: [
            "NODE_REQUIRED_EMPTY_CHECKS": "4", "NODE_EMPTY_QUEUE_WAIT": "7", "NODE_IDLE_TIMEOUT_MINUTES": "11",
            "NODE_SERVER_UNREACHABLE_MINUTES": "6", "NODE_MAX_CONSECUTIVE_FAILURES": "9", "NODE_PERSISTENT": "1",
            "ALLOW_PRIVATE_ADDRESSES": "true",
        ])
        #expect(settings.leave.requiredEmptyChecks == 4)
        #expect(settings.leave.emptyQueueWait == .seconds(7))
        #expect(settings.leave.idleTimeout == .seconds(660))
        #expect(settings.leave.unreachableTimeout == .seconds(360))
        #expect(settings.leave.maxConsecutiveFailures == 9)
        #expect(settings.leave.isPersistent)
        #expect(settings.allowsPrivateAddresses)
    }

    @Test(arguments: [
        ("NODE_REQUIRED_EMPTY_CHECKS", "0"), ("NODE_EMPTY_QUEUE_WAIT", "soon"), ("NODE_IDLE_TIMEOUT_MINUTES", "-1"),
        ("NODE_SERVER_UNREACHABLE_MINUTES", "1.5"), ("NODE_MAX_CONSECUTIVE_FAILURES", "none"),
        ("NODE_PERSISTENT", "perhaps"), ("ALLOW_PRIVATE_ADDRESSES", "sometimes"),
    ])
    func `a wrong value is an error that names it`(name: String, value: String) {
        let error = #expect(throws: CastError.self) { try NodeSettings(environment: [name: value]) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(name) == true)
        #expect(error?.message.contains(value) == true)
        #expect(error?.message.contains("must be") == true)
    }
}

@Suite struct BackoffTests {
    @Test(arguments: [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (1_000_000, 60)])
    func `waits twice as long each time, a minute at most`(tries: Int, seconds: Int) {
        #expect(Backoff().wait(after: tries, jitter: 0) == .seconds(seconds))
    }

    @Test func `jitter moves it by a quarter at most`() {
        #expect(Backoff().wait(after: 3, jitter: 1) == .seconds(5))
        #expect(Backoff().wait(after: 3, jitter: -1) == .seconds(3))
        #expect(Backoff().wait(after: 3, jitter: 100) == .seconds(5))
    }
}
