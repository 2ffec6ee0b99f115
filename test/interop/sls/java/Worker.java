import com.aliyun.openservices.log.common.ConsumerGroupShardCheckPoint;
import com.aliyun.openservices.log.common.FastLog;
import com.aliyun.openservices.log.common.LogGroupData;
import com.aliyun.openservices.loghub.client.ClientWorker;
import com.aliyun.openservices.loghub.client.DefaultLogHubCheckPointTracker;
import com.aliyun.openservices.loghub.client.ILogHubCheckPointTracker;
import com.aliyun.openservices.loghub.client.config.LogHubConfig;
import com.aliyun.openservices.loghub.client.config.LogHubConfig.ConsumePosition;
import com.aliyun.openservices.loghub.client.exceptions.LogHubCheckPointException;
import com.aliyun.openservices.loghub.client.interfaces.ILogHubProcessor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;

/** A consumer of the group, as its documentation builds one. Tells every batch; ends, with the checkpoints, on SIGTERM. */
final class Worker implements ILogHubProcessor {
  private static final long FETCH_INTERVAL_MS = 200;
  /** Long enough to be caught in the middle. */
  private static final long PROCESS_MS = 30;

  private int shard;

  static void run() throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    Signal.handle(new Signal("TERM"), signal -> stopped.countDown());
    String group = System.getenv("INTEROP_GROUP");
    int heartbeatSec = Integer.parseInt(System.getenv("INTEROP_HEARTBEAT_SEC"));
    LogHubConfig config =
        new LogHubConfig(
            group,
            System.getenv("INTEROP_CONSUMER"),
            Main.ENDPOINT,
            Main.PROJECT,
            Main.LOGSTORE,
            Main.KEY_ID,
            Main.KEY_SECRET,
            ConsumePosition.BEGIN_CURSOR);
    config.setConsumeInOrder(true);
    config.setHeartBeatIntervalMillis(heartbeatSec * 1_000L);
    // A worker gives its group its own timeout when it starts, 60 s unless it is told otherwise.
    config.setTimeoutInSeconds(2 * heartbeatSec);
    config.setFetchIntervalMillis(FETCH_INTERVAL_MS);
    ClientWorker worker = new ClientWorker(Worker::new, config);
    Thread thread = new Thread(worker);
    thread.start();
    stopped.await();
    worker.shutdown();
    thread.join();
    Map<String, String> checkpoints = new TreeMap<>();
    for (ConsumerGroupShardCheckPoint point :
        Main.newClient().GetCheckPoint(Main.PROJECT, Main.LOGSTORE, group).getCheckPoints()) {
      checkpoints.put(Integer.toString(point.getShard()), point.getCheckPoint());
    }
    Main.tell(Map.of("checkpoints", checkpoints));
  }

  @Override
  public void initialize(int shardId) {
    shard = shardId;
  }

  @Override
  public String process(List<LogGroupData> groups, ILogHubCheckPointTracker tracker) {
    long startedAtMs = System.currentTimeMillis();
    sleep(PROCESS_MS);
    List<Integer> records = new ArrayList<>();
    for (LogGroupData group : groups) {
      for (FastLog log : group.GetFastLogGroup().getLogs()) {
        records.add(Integer.valueOf(Records.fieldsOf(log).get("n")));
      }
    }
    Map<String, Object> told = new TreeMap<>();
    told.put("shard", Integer.toString(shard));
    told.put("from", tracker.getCurrentCursor());
    told.put("to", ((DefaultLogHubCheckPointTracker) tracker).getNextCursor());
    told.put("startedAtMs", startedAtMs);
    told.put("endedAtMs", System.currentTimeMillis());
    told.put("records", records);
    Main.tell(told);
    try {
      tracker.saveCheckPoint(true);
    } catch (LogHubCheckPointException error) {
      // Its shard was taken from it: whoever has it now goes on at the checkpoint.
      error.printStackTrace();
    }
    return null;
  }

  @Override
  public void shutdown(ILogHubCheckPointTracker tracker) {}

  private static void sleep(long durationMs) {
    try {
      Thread.sleep(durationMs);
    } catch (InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }
}
