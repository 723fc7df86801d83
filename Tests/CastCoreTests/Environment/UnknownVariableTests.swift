import Testing

@testable import CastCore

@Suite struct UnknownVariableTests {
    @Test(
        arguments: [
            ("NODE_PERSISTANT", "NODE_PERSISTENT"), ("NODE_IDLE_TIMEOUT_MINUTE", "NODE_IDLE_TIMEOUT_MINUTES"),
            ("CAST2MD_DATA_DIR", "CAST2MD_DATA"), ("RUNPOD_MAXPODS", "RUNPOD_MAX_PODS"), ("FLEET_WHATEVER", nil),
        ] as [(String, String?)])
    func `a slip of the pen is named with what was meant`(name: String, nearest: String?) {
        let found = UnknownVariable.find(in: [name, "PATH", "NODE_PERSISTENT"])
        #expect(found == [UnknownVariable(name: name, nearest: nearest)])
    }

    @Test(
        arguments: [
            "NODE_ENV", "NODE_OPTIONS", "NODE_PATH", "NODE_VERSION", "RUNPOD_POD_ID", "RUNPOD_TCP_PORT_22",
            "RUNPOD_SECRET_ts_auth_key", "RUNPOD_API_KEY", "CAST2MD_TEST_CACHE", "HOME", "LEASE_SECOND", "FLEETING",
        ])
    func `what others set, and what is read, is passed over`(name: String) {
        #expect(UnknownVariable.find(in: [name]).isEmpty)
    }

    @Test func `several come sorted, each with its sentence`() {
        let found = UnknownVariable.find(in: ["NODE_NAMES", "CAST2MD_X_Y_Z_NOTHING_LIKE_IT"])
        #expect(
            found.map(\.sentence) == [
                "Nothing reads the variable CAST2MD_X_Y_Z_NOTHING_LIKE_IT.",
                "Nothing reads the variable NODE_NAMES; did you mean NODE_NAME?",
            ])
    }

    @Test func `the distance counts single letters`() {
        for (left, right, distance) in [
            ("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "acc", 1), ("abc", "cab", 2),
        ] {
            #expect(UnknownVariable.distance(left, right) == distance)
            #expect(UnknownVariable.distance(right, left) == distance)
        }
    }

    @Test func `a name is in the table once`() {
        #expect(KnownVariables.names.count == KnownVariables.all.count)
        #expect(KnownVariables.all.allSatisfy { !$0.readers.isEmpty })
    }
}
