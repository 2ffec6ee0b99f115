import static java.util.stream.Collectors.toList;

import com.aliyun.openservices.log.Client;
import com.aliyun.openservices.log.common.ConsumerGroup;
import com.aliyun.openservices.log.common.ConsumerGroupShardCheckPoint;
import com.aliyun.openservices.log.common.Consts.CompressType;
import com.aliyun.openservices.log.common.Consts.CursorMode;
import com.aliyun.openservices.log.common.FastLog;
import com.aliyun.openservices.log.common.FastLogGroup;
import com.aliyun.openservices.log.common.LogGroupData;
import com.aliyun.openservices.log.common.LogStore;
import com.aliyun.openservices.log.common.Shard;
import com.aliyun.openservices.log.request.PullLogsRequest;
import com.aliyun.openservices.log.request.PutLogsRequest;
import com.aliyun.openservices.log.response.PullLogsResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every operation that a consumer needs, one after another, as calls.py does it. */
final class Calls {
  private static final String GROUP = "billing";
  private static final String LOW = "0".repeat(32);
  private static final String HIGH = "f".repeat(32);

  private final Client client = Main.newClient();
  private final String project = Main.PROJECT;
  private final String logstore = Main.LOGSTORE;

  void run() throws Exception {
    logstores();
    records();
    pulls();
    groups();
    heartbeats();
    checkpoints();
    lineage();
    missing();
  }

  private void logstores() throws Exception {
    Main.call("CreateProject", () -> nothing(client.CreateProject(project, "made by an official SDK")));
    Main.call("GetProject", () -> client.GetProject(project).GetProjectDescription().isEmpty() ? null : project);
    // That it is not to be split on its own, the SDK says with a limit of -1.
    LogStore settings = new LogStore(logstore, 7, 2);
    Main.call("CreateLogStore", () -> nothing(client.CreateLogStore(project, settings)));
    Main.call("CreateLogStore again", () -> nothing(client.CreateLogStore(project, settings)));
    Main.call(
        "GetLogStore",
        () -> {
          LogStore found = client.GetLogStore(project, logstore).GetLogStore();
          return new Object[] {found.GetLogStoreName(), found.GetTtl(), found.GetShardCount()};
        });
    Main.call("ListLogStores", () -> client.ListLogStores(project, 0, 100, "").GetLogStores());
    Main.call("ListShards", () -> listShards(project, logstore));
  }

  private void records() throws Exception {
    Main.call(
        "PutLogs by key",
        () ->
            nothing(
                client.PutLogs(
                    Records.group(
                        "orders",
                        Map.of("host", "web-1"),
                        LOW,
                        Records.record(1_700_000_000, "order", "1", "customer", "Zoë 李"),
                        Records.record(1_700_000_001, "order", "2", "note", "")))));
    Main.call("PutLogs uncompressed", () -> put("3", 1_700_000_002, HIGH, CompressType.NONE));
    Main.call("PutLogs", () -> put("4", 1_700_000_003, null, CompressType.LZ4));
    Main.call("PutLogs in turn", () -> put("5", 1_700_000_004, null, CompressType.GZIP));
  }

  private void pulls() throws Exception {
    String begin = cursor(0, CursorMode.BEGIN);
    String end = cursor(0, CursorMode.END);
    Main.call("GetCursor", () -> Records.position(end) - Records.position(begin));
    Main.call(
        "GetCursor by time",
        () -> {
          String later = client.GetCursor(project, logstore, 0, 2_000_000_000L).GetCursor();
          return Records.position(later) - Records.position(begin);
        });
    Main.call(
        "GetCursorTime",
        () -> {
          long atSec = client.GetCursorTime(project, logstore, 0, begin).GetCursorTime();
          return Math.abs(System.currentTimeMillis() / 1000 - atSec) < 60;
        });
    Main.call("PullLogs", () -> pull(0, begin, null, 1));
    Main.call("PullLogs to the end", () -> pull(0, begin, null, 1000));
    Main.call("PullLogs at the end", () -> pull(0, end, null, 1000));
    String other = cursor(1, CursorMode.BEGIN);
    Main.call("PullLogs with an end", () -> pull(1, other, Records.after(other, 1), 1000));
    Main.call("PullLogs beyond the end", () -> pull(0, Records.after(end, 1000), null, 1000));
    Main.call("PullLogs without a cursor", () -> pull(0, "nonsense", null, 1000));
  }

  private void groups() throws Exception {
    ConsumerGroup settings = new ConsumerGroup(GROUP, 60, true);
    Main.call("CreateConsumerGroup", () -> nothing(client.CreateConsumerGroup(project, logstore, settings)));
    Main.call("CreateConsumerGroup again", () -> nothing(client.CreateConsumerGroup(project, logstore, settings)));
    Main.call("ListConsumerGroup", this::listGroups);
    Main.call(
        "UpdateConsumerGroup", () -> nothing(client.UpdateConsumerGroup(project, logstore, GROUP, true, 30)));
    Main.call("ListConsumerGroup updated", this::listGroups);
  }

  private void heartbeats() throws Exception {
    heartbeat("HeartBeat of nobody", "alpha", 0, 1);
    heartbeat("HeartBeat to join", "alpha");
    heartbeat("HeartBeat", "alpha", 0, 1);
    heartbeat("HeartBeat of a second one", "beta");
    heartbeat("HeartBeat told to give up", "alpha", 0, 1);
    heartbeat("HeartBeat too early", "beta");
    heartbeat("HeartBeat given up", "alpha", 0);
    heartbeat("HeartBeat handed over", "beta");
  }

  private void checkpoints() throws Exception {
    String begin = cursor(0, CursorMode.BEGIN);
    String end = cursor(0, CursorMode.END);
    Main.call(
        "GetCheckPoint of nothing",
        () ->
            checkpointsNow().stream()
                .map(point -> new Object[] {point.getShard(), point.getCheckPoint(), point.getConsumer()})
                .collect(toList()));
    commit("UpdateCheckPoint", 0, end, "alpha");
    Main.call(
        "GetCheckPoint",
        () -> List.of(Records.position(checkpointsNow().get(0).getCheckPoint()) - Records.position(begin)));
    commit("UpdateCheckPoint of another's shard", 0, begin, "beta");
    commit("UpdateCheckPoint of nobody", 0, begin, "gamma");
    commit("UpdateCheckPoint of no shard", 9, begin, "alpha");
    commit("UpdateCheckPoint to nonsense", 0, "!", "alpha");
    String other = cursor(1, CursorMode.BEGIN);
    Main.call(
        "UpdateCheckPoint by force", () -> nothing(client.UpdateCheckPoint(project, logstore, GROUP, 1, other)));
  }

  private void lineage() throws Exception {
    Main.call(
        "SplitShard", () -> shardsOf(client.SplitShard(project, logstore, 0, "4" + "0".repeat(31)).GetShards()));
    heartbeat("HeartBeat after the split", "alpha", 0);
    Main.call("MergeShards", () -> shardsOf(client.MergeShards(project, logstore, 2).GetShards()));
    Main.call("ListShards after all", () -> listShards(project, logstore));
    Main.call("DeleteConsumerGroup", () -> nothing(client.DeleteConsumerGroup(project, logstore, GROUP)));
    Main.call("ListConsumerGroup deleted", this::listGroups);
  }

  private void missing() throws Exception {
    heartbeat("HeartBeat of no group", "alpha");
    Main.call("GetCursor of no shard", () -> cursor(9, CursorMode.BEGIN));
    Main.call("ListShards of no logstore", () -> listShards(project, "nowhere"));
    Main.call("ListShards of no project", () -> listShards("nowhere", logstore));
  }

  private Object put(String order, int timeSec, String hashKey, CompressType compression) throws Exception {
    PutLogsRequest request = Records.group("", Map.of(), hashKey, Records.record(timeSec, "order", order));
    request.SetCompressType(compression);
    return nothing(client.PutLogs(request));
  }

  private Object pull(int shard, String start, String end, int count) throws Exception {
    PullLogsResponse answer = client.pullLogs(new PullLogsRequest(project, logstore, shard, count, start, end));
    List<Object> told = new ArrayList<>();
    for (LogGroupData data : answer.getLogGroups()) {
      FastLogGroup group = data.GetFastLogGroup();
      for (FastLog log : group.getLogs()) {
        told.add(
            new Object[] {
              group.getTopic(), group.getSource(), Records.tagsOf(group), log.getTime(), Records.fieldsOf(log)
            });
      }
    }
    return new Object[] {Records.position(answer.getNextCursor()) - Records.position(start), told};
  }

  private void heartbeat(String name, String consumer, Integer... shards) throws Exception {
    Main.call(name, () -> client.HeartBeat(project, logstore, GROUP, consumer, List.of(shards)).getShards());
  }

  private void commit(String name, int shard, String checkpoint, String consumer) throws Exception {
    Main.call(
        name, () -> nothing(client.UpdateCheckPoint(project, logstore, GROUP, consumer, shard, checkpoint)));
  }

  private List<ConsumerGroupShardCheckPoint> checkpointsNow() throws Exception {
    return client.GetCheckPoint(project, logstore, GROUP).getCheckPoints();
  }

  private Object listGroups() throws Exception {
    return client.ListConsumerGroup(project, logstore).GetConsumerGroups().stream()
        .map(found -> new Object[] {found.getConsumerGroupName(), found.getTimeout(), found.isInOrder()})
        .collect(toList());
  }

  private Object listShards(String from, String of) throws Exception {
    return shardsOf(client.ListShard(from, of).GetShards());
  }

  private static Object shardsOf(List<Shard> shards) {
    return shards.stream()
        .map(
            shard ->
                new Object[] {
                  shard.GetShardId(), shard.getStatus(), shard.getInclusiveBeginKey(), shard.getExclusiveEndKey()
                })
        .collect(toList());
  }

  private String cursor(int shard, CursorMode from) throws Exception {
    return client.GetCursor(project, logstore, shard, from).GetCursor();
  }

  private static Object nothing(Object response) {
    return null;
  }
}
